"""Numbers on pages: decided in the settings, seen on records and lists, found, narrowed by, and taken out."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask

from saas_crm.access.models import Role
from tenants.db import db, tenant_scope
from tests.support.cast import Cast
from tests.support.clients import Browser, statements
from tests.support.making import Maker
from tests.web.pages import errors, value

pytestmark = pytest.mark.newest

ClientFor = Callable[..., Browser]
HERE = "/acme/settings/numbering"


def decide(client_for: ClientFor, kind: str = "company", **fields: str) -> None:
    """Let the owner switch numbers on."""
    answer = client_for("owner").post(f"{HERE}/{kind}", data={"on": "1", "pattern": "C-{0000}", **fields})
    assert answer.status_code == 303, errors(answer)


def test_the_settings_show_what_the_next_number_is(client_for: ClientFor, make: Maker) -> None:
    owner = client_for("owner")
    page = owner.get(HERE)
    assert "Companies get no numbers" in page.text
    assert "Deals get no numbers" in page.text
    assert statements(page) <= 8
    form = owner.get(f"{HERE}/company")
    assert value(form, "pattern") == "C-{00000}"
    assert "C-00001" in form.text
    assert statements(form) <= 8
    decide(client_for)
    make.company("rep")
    assert "The next one is C-0002" in owner.get(HERE).text
    assert value(owner.get(f"{HERE}/company"), "start") == "2"


def test_what_is_typed_is_shown_at_once(client_for: ClientFor) -> None:
    owner = client_for("owner")
    assert "K-007" in owner.get(f"{HERE}/company/next?pattern=K-{{000}}&start=7").text
    assert "Write the running number once" in owner.get(f"{HERE}/company/next?pattern=K").text


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"pattern": ""}, "pattern"), ({"pattern": "{MM}{000}"}, "pattern"), ({"start": "0"}, "start"),
     ({"start": "many"}, "start"), ({"pattern": "<b>{0}"}, "pattern")],
)  # fmt: skip
def test_what_cannot_be_is_told_beside_its_field(client_for: ClientFor, wrong: dict[str, str], field: str) -> None:
    answer = client_for("owner").post(f"{HERE}/company", data={"on": "1", "pattern": "C-{0000}", **wrong})
    assert answer.status_code == 422
    assert field in errors(answer)
    assert value(answer, field) == wrong[field]


def test_who_may_not(client_for: ClientFor) -> None:
    for who in ("manager", "rep", "viewer"):
        assert client_for(who).get(HERE).status_code == 403
        assert client_for(who).post(f"{HERE}/company", data={"on": "1", "pattern": "{0}"}).status_code == 403
        assert client_for(who).post(f"{HERE}/company/existing").status_code == 403
    assert client_for("owner").get(f"{HERE}/contact").status_code == 404
    assert client_for("outsider").get(HERE).status_code == 404
    assert client_for("owner").post(f"{HERE}/company/existing").status_code == 422


def test_two_admins_at_once(client_for: ClientFor) -> None:
    decide(client_for)
    version = value(client_for("owner").get(f"{HERE}/company"), "version")
    decide(client_for, version=version, pattern="K-{000}")
    late = client_for("admin").post(f"{HERE}/company", data={"on": "1", "pattern": "L-{00}", "version": version})
    assert late.status_code == 409
    assert value(client_for("owner").get(f"{HERE}/company"), "pattern") == "K-{000}"


def test_a_number_is_on_the_page_the_list_and_in_the_history(client_for: ClientFor, make: Maker) -> None:
    decide(client_for)
    decide(client_for, "opportunity", pattern="D-{000}")
    company, deal = make.company("rep", name="Numbered"), make.deal("rep", name="Counted")
    rep = client_for("rep")
    page = rep.get(f"/acme/companies/{company.id}")
    assert "Customer number" in page.text
    assert "C-0001" in page.text
    assert statements(page) <= 8
    assert "D-001" in rep.get(f"/acme/deals/{deal.id}").text
    companies, deals = rep.get("/acme/companies"), rep.get("/acme/deals?view=list")
    assert "C-0001" in companies.text
    assert "D-001" in deals.text
    assert statements(companies) <= 8
    assert statements(deals) <= 8
    assert "Customer number" in rep.get(f"/acme/companies/{company.id}/history").text
    assert "put-back" not in re.sub(r"(?s).*Customer number", "", rep.get(f"/acme/companies/{company.id}/history").text)


def test_it_stays_through_a_change_and_is_still_found(client_for: ClientFor, make: Maker) -> None:
    decide(client_for)
    company = make.company("rep", name="Before")
    rep = client_for("rep")
    rep.post(f"/acme/companies/{company.id}", data={"name": "After", "version": "1"})
    assert "After" in rep.get("/acme/search?q=C-0001").text
    rep.post(f"/acme/companies/{company.id}/recycle")
    client_for("rep").post(f"/acme/recycle-bin/company/{company.id}/restore")
    assert "After" in rep.get("/acme/search?q=C-0001").text


@pytest.mark.parametrize("q", ["C-0001", "c-0001", "C-000", "0001"])
def test_it_is_found_whole_and_by_its_beginning(client_for: ClientFor, make: Maker, q: str) -> None:
    decide(client_for)
    make.company("rep", name="Needle")
    assert "Needle" in client_for("rep").get(f"/acme/search?q={q}").text
    assert "Needle" in client_for("rep").get(f"/acme/companies?q={q}").text


def test_lists_are_narrowed_by_it(client_for: ClientFor, make: Maker) -> None:
    decide(client_for)
    decide(client_for, "opportunity", pattern="D-{000}")
    for number in range(11):
        make.company("rep", name=f"Firm {number:02}")
    make.deal("rep", name="Sought deal")
    make.deal("rep", name="Other deal")
    rep = client_for("rep")
    page = rep.get("/acme/companies?number=c-001")
    assert "Firm 09" in page.text
    assert "Firm 10" in page.text
    assert "Firm 00" not in page.text
    assert 'name="number"' in page.text
    deals = rep.get("/acme/deals?view=list&number=D-001").text
    assert "Sought deal" in deals
    assert "Other deal" not in deals
    assert "No company matches" in rep.get("/acme/companies?number=%25").text


def test_it_is_taken_out_with_the_list(client_for: ClientFor, make: Maker) -> None:
    make.company("manager", name="Before")
    assert "Customer number" not in client_for("manager").get("/acme/companies/export?format=csv").get_data(
        as_text=True
    )
    decide(client_for)
    make.company("manager", name="After")
    table = client_for("manager").get("/acme/companies/export?format=csv").get_data(as_text=True)
    assert "Customer number" in table
    assert "C-0001" in table


def test_a_role_can_hide_it(client_for: ClientFor, make: Maker, app: Flask, cast: Cast) -> None:
    decide(client_for)
    company = make.company("rep", name="Veiled")
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        found = db.session.query(Role).filter_by(key="rep").one()
        found.permissions = {**found.permissions, "company.number": "hidden"}
        db.session.commit()
        role_id = found.id
    page = client_for("owner").get(f"/acme/settings/roles/{role_id}")
    assert "Customer number" in page.text
    rep = client_for("rep")
    here = f"/acme/companies/{company.id}"
    for path in (here, "/acme/companies", f"{here}/history"):
        assert "0001" not in rep.get(path).text, path
    assert "Veiled" not in rep.get("/acme/search?q=C-0001").text
    assert rep.get("/acme/companies?number=C").status_code == 422


def test_what_was_there_is_numbered_from_the_page(
    client_for: ClientFor, make: Maker, jobs: Callable[[], list[str]]
) -> None:
    company = make.company("rep", name="Old one")
    decide(client_for)
    owner = client_for("owner")
    assert "1 record was made before there were numbers." in owner.get(f"{HERE}/company").text
    assert owner.post(f"{HERE}/company/existing").status_code == 303
    assert owner.post(f"{HERE}/company/existing").status_code == 303, "sent twice it is done once"
    assert jobs().count("numbering.existing") == 1
    assert "C-0001" in client_for("rep").get(f"/acme/companies/{company.id}").text
    assert "before there were numbers" not in owner.get(f"{HERE}/company").text
    assert "Numbering" in owner.get("/acme/settings/audit").text
