"""The workspace's settings, sample data, API tokens, and the first minutes."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask import Flask

from saas_crm.access.permissions import CurrentMember
from saas_crm.core.audit import AuditEntry
from tenants.db import db, tenant_scope
from tests.support.cast import Cast
from tests.support.clients import Browser, Phone
from tests.support.field_rules import close_fields
from tests.support.installation import Installation
from tests.support.making import Maker
from tests.web.pages import chosen, errors, flashed, value

ClientFor = Callable[..., Browser]
Acting = Callable[[str], AbstractContextManager[CurrentMember]]
FORM = {"name": "Acme 精密仪器", "locale": "zh_Hans", "country": "CN", "currency": "CNY", "timezone": "Asia/Shanghai"}


def test_the_menu_shows_what_each_may_open(client_for: ClientFor) -> None:
    entry = re.compile(r'class="choice" href="(?:/acme/settings/)?([^"]+)"')
    people = ("owner", "rep", "viewer")
    shown = {who: set(entry.findall(client_for(who).get("/acme/settings").text)) for who in people}
    assert {"workspace", "members", "tokens", "/profile"} <= shown["owner"]
    assert "workspace" not in shown["rep"] | shown["viewer"]
    assert {"members", "tokens", "/profile"} <= shown["rep"]
    assert "Sample data" not in client_for("rep").get("/acme/settings").text


def test_the_menu_stands_under_headings_and_none_is_empty(client_for: ClientFor) -> None:
    part = re.compile(r'<h2 class="choices-title"[^>]*>([^<]+)</h2>(.*?)</section>', re.S)
    groups = dict(part.findall(client_for("owner").get("/acme/settings").text))
    assert list(groups) == ["General", "People and access", "Data", "My settings"]
    entries = ("/settings/pipelines", "/hand-overs", "/deletion", "/profile")
    for entry, inside in zip(entries, groups.values(), strict=True):
        assert f'{entry}"' in inside
    shown = dict(part.findall(client_for("rep").get("/acme/settings").text))
    assert "General" not in shown
    assert all('class="choice"' in inside for inside in shown.values())


def test_the_archive_is_offered_to_who_may_take_everything(client_for: ClientFor, acting: Acting) -> None:
    offered = "settings/archives"
    assert offered in client_for("admin").get("/acme/settings").text
    close_fields(acting, {"contact.phone": "hidden"}, key="admin")
    assert offered not in client_for("admin").get("/acme/settings").text
    assert client_for("admin").get(f"/acme/{offered}").status_code == 403
    assert offered in client_for("owner").get("/acme/settings").text
    assert "With everything in it, after 30 days" in client_for("owner").get("/acme/settings").text


def test_the_workspace_is_renamed_and_moved(client_for: ClientFor, app: Flask, cast: Cast) -> None:
    owner = client_for("owner")
    answer = owner.post("/acme/settings/workspace", data=FORM)
    assert (answer.status_code, answer.location) == (303, "/acme/settings/workspace")
    page = owner.get("/acme/settings/workspace")
    assert value(page, "name") == "Acme 精密仪器"
    assert (chosen(page, "currency"), chosen(page, "timezone")) == ("CNY", "Asia/Shanghai")
    assert "Acme 精密仪器" in client_for("viewer").get("/acme/").text, "the directory has forgotten the old name"
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        row = db.session.query(AuditEntry).filter_by(resource="workspace", action="update").one()
    assert row.changes["name"] == ["Acme Instruments", "Acme 精密仪器"]
    assert row.member_id == cast["owner"].member_id


def test_the_form_shows_what_is_stored_and_not_what_is_remembered(
    client_for: ClientFor, installation: Installation
) -> None:
    """Another process may have changed it a moment ago."""
    owner = client_for("owner")
    owner.get("/acme/")
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.tenants SET name = 'Elsewhere' WHERE slug = 'acme'")
    assert value(owner.get("/acme/settings/workspace"), "name") == "Elsewhere"


def test_the_currency_stays_once_there_are_deals(client_for: ClientFor, make: Maker) -> None:
    make.deal("rep")
    owner = client_for("owner")
    page = owner.get("/acme/settings/workspace")
    assert re.search(r'<select[^>]*name="currency"[^>]*disabled', page.text)
    assert owner.post("/acme/settings/workspace", data=FORM).status_code == 303
    page = owner.get("/acme/settings/workspace")
    assert (chosen(page, "currency"), chosen(page, "country")) == ("USD", "CN")


@pytest.mark.parametrize(
    ("field", "wrong"),
    [("name", ""), ("name", "x" * 201), ("country", "XX"), ("country", ""), ("currency", "BTC"), ("timezone", "Moon"),
     ("locale", "de")],
)  # fmt: skip
def test_bad_settings_are_told_beside_the_field(client_for: ClientFor, field: str, wrong: str) -> None:
    answer = client_for("owner").post("/acme/settings/workspace", data={**FORM, field: wrong})
    assert answer.status_code == 422
    assert field in errors(answer)
    if field != "name":
        assert value(answer, "name") == FORM["name"]


@pytest.mark.parametrize("who", ["manager", "rep", "viewer"])
def test_others_change_no_settings(client_for: ClientFor, who: str) -> None:
    browser = client_for(who)
    for address in ("/acme/settings/workspace", "/acme/setup"):
        assert browser.get(address).status_code == 403
    for address in ("/acme/settings/workspace", "/acme/setup/sample-data", "/acme/setup/sample-data/removal"):
        assert browser.post(address, data=FORM).status_code == 403
    assert browser.post("/acme/setup/invitations", data={}).status_code == 403


def test_a_token_is_shown_once_works_and_is_ended(client_for: ClientFor, api_for: Callable[..., Phone]) -> None:
    viewer = client_for("viewer")
    answer = viewer.post("/acme/settings/tokens", data={"name": "The till", "days": "30"})
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    token = value(answer, "made")
    assert token.startswith("crm_")
    phone = api_for("viewer")
    phone.token = token
    assert phone.get("/me").status_code == 200
    page = viewer.get("/acme/settings/tokens")
    assert re.search(r'href="[^"]*/acme/api/v1/docs"', page.text)
    assert token not in page.text
    assert "The till" in page.text
    assert "works until" in page.text
    found = re.search(r"/acme/settings/tokens/([0-9a-f-]+)/end(?=[^>]*>.*?)", page.text)
    assert found is not None
    assert client_for("rep").post(f"/acme/settings/tokens/{found[1]}/end").status_code == 404
    assert viewer.post(f"/acme/settings/tokens/{found[1]}/end").status_code == 303
    assert phone.get("/me").status_code == 401
    assert viewer.post(f"/acme/settings/tokens/{found[1]}/end").status_code == 404


def test_everybody_sees_their_own_tokens_alone(client_for: ClientFor) -> None:
    assert "Phone of rep" in client_for("rep").get("/acme/settings/tokens").text
    assert "Phone of rep" not in client_for("owner").get("/acme/settings/tokens").text


@pytest.mark.parametrize(("data", "field"), [({"name": ""}, "name"), ({"name": "x" * 81}, "name"),
                                             ({"name": "till", "days": "31"}, "days")])  # fmt: skip
def test_a_token_needs_a_name_and_a_life(client_for: ClientFor, data: dict[str, str], field: str) -> None:
    answer = client_for("rep").post("/acme/settings/tokens", data=data)
    assert answer.status_code == 422
    assert set(errors(answer)) == {field}


def test_the_first_minutes(client_for: ClientFor) -> None:
    owner = client_for("owner")
    page = owner.get("/acme/setup")
    assert "Load sample data" in page.text
    answer = owner.post("/acme/setup/sample-data")
    assert (answer.status_code, answer.location) == (303, "/acme/")
    today = owner.get("/acme/")
    assert flashed(today) == "The sample data is loaded."
    assert "/acme/setup/sample-data/removal" in today.text, "one click takes it away again"
    assert "The sample data is loaded" in owner.get("/acme/setup").text
    assert "Remove the sample data" in owner.get("/acme/settings").text
    assert owner.post("/acme/setup/sample-data/removal").status_code == 303
    assert "Load sample data" in owner.get("/acme/setup").text


def test_own_work_on_sample_data_stays_and_is_told(client_for: ClientFor, make: Maker, app: Flask, cast: Cast) -> None:
    from saas_crm.customers.models import Company

    owner = client_for("owner")
    owner.post("/acme/setup/sample-data")
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        sample = db.session.query(Company).first()
        assert sample is not None
    make.activity("owner", company_id=sample.id)
    owner.post("/acme/setup/sample-data/removal")
    assert "1 record stays" in flashed(owner.get("/acme/"))


def test_a_colleague_is_invited_from_the_first_page(client_for: ClientFor) -> None:
    owner = client_for("owner")
    role = (
        chosen(owner.get("/acme/setup"), "role_id")
        or re.findall(r'<option value="([0-9a-f-]{36})"', owner.get("/acme/setup").text)[0]
    )
    answer = owner.post("/acme/setup/invitations", data={"email": "nina@new.example", "role_id": role})
    assert answer.location == "/acme/setup"
    assert flashed(owner.get("/acme/setup")) == "nina@new.example is invited."
    wrong = owner.post("/acme/setup/invitations", data={"email": "nina", "role_id": role})
    assert wrong.status_code == 422
    assert set(errors(wrong)) == {"email"}
