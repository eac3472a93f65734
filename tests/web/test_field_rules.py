"""Fields that a role closes: on the pages of customers and deals, and in the role editor."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from html import unescape

import pytest
from sqlalchemy import select

from saas_crm.access.models import Role
from saas_crm.access.permissions import CurrentMember
from saas_crm.search.models import SearchEntry
from tenants.db import db
from tests.support.clients import Browser, statements
from tests.support.field_rules import close_fields
from tests.support.making import Maker

ClientFor = Callable[..., Browser]
Acting = Callable[[str], AbstractContextManager[CurrentMember]]
SECRETS = (
    "5550100",
    "555 0100",
    "555-0100",
    "5550199",
    "ada.secret",
    "1988",
    "Hiddenville",
    "98,765",
    "98765",
    "5550177",
)


PAGES = (
    "/companies", "/contacts", "/deals", "/deals?view=list", "/", "/companies/{company}", "/contacts/{contact}",
    "/deals/{deal}", "/companies/{company}/edit", "/contacts/{contact}/edit", "/deals/{deal}/edit",
    "/contacts/{contact}/history", "/companies/{company}/history", "/deals/{deal}/history", "/search?q=Veil",
    "/pickers/contacts?q=Ada", "/pickers/companies?q=Veil", "/contacts/new?company_id={company}", "/deals/new",
)  # fmt: skip


@pytest.mark.parametrize("page", PAGES)
def test_no_page_shows_what_is_closed(client_for: ClientFor, estate: dict[str, object], page: str) -> None:
    answer = client_for("rep").get("/acme" + page.format(**estate))
    assert answer.status_code == 200
    assert [secret for secret in SECRETS if secret in unescape(answer.text)] == []
    assert statements(answer) <= 8


def test_the_board_tells_no_sum_of_closed_amounts(client_for: ClientFor, estate: dict[str, object]) -> None:
    assert "$98,765" in client_for("manager").get("/acme/deals").text
    assert re.findall(r"\$[\d,]+", client_for("rep").get("/acme/deals").text) == []


def test_who_may_know_still_sees_it(client_for: ClientFor, estate: dict[str, object]) -> None:
    page = client_for("manager").get("/acme/contacts/{contact}".format(**estate)).text
    assert "ada.secret@veil.example" in page
    assert "Hiddenville" in page
    assert 'href="tel:+12125550199"' in page


def test_what_is_masked_is_shown_in_part_and_not_dialled(client_for: ClientFor, estate: dict[str, object]) -> None:
    page = client_for("rep").get("/acme/contacts/{contact}".format(**estate)).text
    assert "••••0100" in page
    assert "a•••@veil.example" in page
    assert 'href="tel:' not in page
    assert 'href="mailto:' not in page


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/contacts?q=Ada", True), ("/contacts?q=5550100", False), ("/contacts?q=5550199", False),
        ("/contacts?q=ada.secret", False), ("/contacts?q=hiddenville", False), ("/companies?q=5550177", False),
        ("/companies?q=hiddenville", False), ("/companies?q=Veil", True), ("/search?q=ada.secret", False),
        ("/search?q=2125550177", False), ("/contacts?q=Buyer", True),
    ],
)  # fmt: skip
def test_nothing_is_found_by_what_is_closed(
    client_for: ClientFor, estate: dict[str, object], path: str, found: bool
) -> None:
    rep, manager = client_for("rep").get("/acme" + path).text, client_for("manager").get("/acme" + path).text
    assert ("Ada Veil" in rep or "Veil Ltd" in rep) is found
    assert "Ada Veil" in manager or "Veil Ltd" in manager


def test_nothing_is_sorted_by_what_is_closed(client_for: ClientFor, estate: dict[str, object]) -> None:
    rep, manager = (client_for(who).get("/acme/deals?view=list") for who in ("rep", "manager"))
    assert "sort=-amount" in manager.text
    assert "sort=-amount" not in rep.text
    assert client_for("rep").get("/acme/deals?view=list&sort=-amount").status_code == 422
    assert client_for("manager").get("/acme/deals?view=list&sort=-amount").status_code == 200


def test_twins_are_not_found_by_what_is_closed(client_for: ClientFor, estate: dict[str, object]) -> None:
    asked = "/acme/contacts/twins?phone=2125550100&email=ada.secret@veil.example&mobile=2125550199"
    assert "Ada Veil" not in client_for("rep").get(asked).text
    assert "Ada Veil" in client_for("manager").get(asked).text


def test_exports_leave_closed_fields_out(client_for: ClientFor, acting: Acting, estate: dict[str, object]) -> None:
    close_fields(acting, {"contact.phone": "masked", "contact.email": "hidden"}, key="manager")
    text = client_for("manager").get("/acme/contacts/export?format=csv").text
    assert "Ada Veil" in text
    assert "5550100" not in text
    assert "ada.secret" not in text
    assert "555-0199" in text


def test_the_role_editor_shows_and_saves_rules(client_for: ClientFor, acting: Acting) -> None:
    with acting("owner"):
        role = db.session.scalars(select(Role).where(Role.key == "rep")).one()
        page, version, name = f"/acme/settings/roles/{role.id}", role.version, role.name
    owner = client_for("owner")
    assert 'name="rule__contact__phone"' in owner.get(page).text
    answer = owner.post(
        page, data={"name": name, "version": str(version), "rule__contact__phone": "masked", "confirmed": "1"}
    )
    assert answer.status_code in (204, 303)
    with acting("owner"):
        stored = db.session.scalars(select(Role.permissions).where(Role.key == "rep")).one()
        assert stored["contact.phone"] == "masked"
        assert stored["company:read"] == "team"
    assert 'value="masked" selected' in owner.get(page).text
    lifted = {"name": name, "version": str(version + 1), "rule__contact__phone": "", "confirmed": "1"}
    assert owner.post(page, data=lifted).status_code in (204, 303)
    with acting("owner"):
        assert "contact.phone" not in db.session.scalars(select(Role.permissions).where(Role.key == "rep")).one()


def test_nobody_lifts_a_rule_from_their_own_role(client_for: ClientFor, acting: Acting) -> None:
    close_fields(acting, {"contact.phone": "hidden"}, key="admin")
    with acting("owner"):
        roles = {role.key: role for role in db.session.scalars(select(Role))}
        page, version, name = (
            f"/acme/settings/roles/{roles['admin'].id}", roles["admin"].version, roles["admin"].name
        )  # fmt: skip
    answer = client_for("admin").post(
        page, data={"name": name, "version": str(version), "rule__contact__phone": "", "confirmed": "1"}
    )
    assert answer.status_code == 422
    assert "You may not give more than you may yourself." in unescape(answer.text)


def test_entries_of_the_index_keep_fields_apart(acting: Acting, make: Maker) -> None:
    company = make.company("rep", name="Parted", phone="+12125550188", city="Linz", tags="gold")
    with acting("owner"):
        folded = db.session.scalars(select(SearchEntry.folded).where(SearchEntry.record_id == company.id)).one()
    parts = folded.split("\x1e")
    assert parts[0].split("\n")[:2] == ["parted", "gold"]
    assert "2125550188" in parts[1]
    assert "linz" in parts[5]


def test_the_log_tells_rules_in_words(client_for: ClientFor, acting: Acting) -> None:
    close_fields(acting, {"contact.phone": "masked"})
    page = unescape(client_for("owner").get("/acme/settings/audit").text)
    assert "Contacts: Phone" in page
    assert "See in part" in page


def test_an_export_is_not_sorted_by_what_is_closed(
    client_for: ClientFor, acting: Acting, estate: dict[str, object]
) -> None:
    close_fields(acting, {"opportunity.amount": "hidden"}, key="manager")
    assert client_for("manager").get("/acme/deals/export?format=csv&sort=-amount").status_code == 422
    assert client_for("manager").get("/acme/deals/export?format=csv").status_code == 200


@pytest.mark.parametrize("closed", ["company.email", "company.website"])
def test_the_domain_tells_nothing_of_what_it_is_made_of(
    client_for: ClientFor, acting: Acting, make: Maker, closed: str
) -> None:
    make.company("rep", name="Domain owner", email="info@secretmail.example")
    asked = "/acme/companies/twins?website=secretmail.example&email=x@secretmail.example"
    assert "Domain owner" in client_for("rep").get(asked).text
    close_fields(acting, {closed: "hidden"})
    assert "Domain owner" not in client_for("rep").get(asked).text


def test_an_entry_of_before_is_found_by_its_name_alone(client_for: ClientFor, acting: Acting, make: Maker) -> None:
    company = make.company("rep", name="Old entry", phone="+12125550144")
    close_fields(acting)
    with acting("owner"):
        row = db.session.get(SearchEntry, company.id)
        assert row is not None
        row.folded = row.folded.replace("\x1e", "")
    assert "Old entry" in client_for("rep").get("/acme/companies?q=Old+entry").text
    assert "Old entry" not in client_for("rep").get("/acme/companies?q=5550144").text
