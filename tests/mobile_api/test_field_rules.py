"""Fields that a role closes, through the API: in and out, lists, filters, orders, and the role itself."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from sqlalchemy import select

from saas_crm.access.models import Role
from saas_crm.access.permissions import CurrentMember
from saas_crm.customers.models import Contact
from tenants.db import db
from tests.support.api import places
from tests.support.clients import Phone, statements
from tests.support.field_rules import close_fields
from tests.support.making import Maker

Api = Callable[..., Phone]
Acting = Callable[[str], AbstractContextManager[CurrentMember]]


@pytest.fixture
def contact(acting: Acting, make: Maker) -> str:
    """A contact of a rep whose role closes fields."""
    made = make.contact(
        "rep", name="Ada Veil", phone="+12125550100", mobile="+12125550199", email="ada.secret@veil.example",
        birthday="1988-05-06", city="Hiddenville", job_title="Buyer",
    )  # fmt: skip
    close_fields(acting)
    return str(made.id)


def test_closed_fields_are_empty_or_in_part(api_for: Api, contact: str) -> None:
    shown = api_for("rep").get(f"/contacts/{contact}")
    row = next(row for row in api_for("rep").get("/contacts").json["items"] if row["id"] == contact)
    assert statements(shown) <= 5
    for record in (shown.json, row):
        assert (record["phone"], record["mobile"], record["email"]) == ("••••0100", "", "a•••@veil.example")
        assert (record["birthday"], record["city"], record["job_title"]) == (None, "", "Buyer")
    assert api_for("manager").get(f"/contacts/{contact}").json["mobile"] == "+12125550199"
    only = api_for("rep").get("/contacts?fields=phone,mobile").json["items"]
    assert {"id": contact, "phone": "••••0100", "mobile": ""} in only


def test_an_amount_that_is_closed_is_null(api_for: Api, acting: Acting, make: Maker) -> None:
    deal = make.deal("rep", amount="1,200")
    close_fields(acting)
    assert api_for("rep").get(f"/opportunities/{deal.id}").json["amount"] is None
    assert api_for("rep").get("/opportunities?fields=amount").json["items"] == [{"id": str(deal.id), "amount": None}]
    assert places(api_for("rep").get("/opportunities?sort=-amount")) == {"sort"}


@pytest.mark.parametrize("query", ["q=5550199", "q=ada.secret", "q=hiddenville", "q=5550100"])
def test_nothing_is_found_by_closed_fields(api_for: Api, contact: str, query: str) -> None:
    assert api_for("rep").get(f"/contacts?{query}").json["items"] == []
    assert [row["id"] for row in api_for("manager").get(f"/contacts?{query}").json["items"]] == [contact]


def test_nothing_is_narrowed_by_closed_fields(api_for: Api, contact: str) -> None:
    assert places(api_for("rep").get("/contacts?country=US")) == {"country"}


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ({"phone": "+12125550111"}, {"#/phone"}), ({"phone": None}, {"#/phone"}), ({"city": "Linz"}, {"#/city"}),
        ({"birthday": "1990-01-01", "email": "x@y.example"}, {"#/birthday", "#/email"}),
        ({"job_title": "CEO"}, {"#/job_title"}),
    ],
)  # fmt: skip
def test_closed_fields_are_not_changed(
    api_for: Api, acting: Acting, contact: str, change: dict[str, Any], refused: set[str]
) -> None:
    assert places(api_for("rep").patch(f"/contacts/{contact}", json={"name": "New", **change})) == refused
    with acting("owner"):
        stored = db.session.scalars(select(Contact).where(Contact.name == "Ada Veil")).one()
        assert (stored.phone, stored.city, stored.job_title) == ("+12125550100", "Hiddenville", "Buyer")


def test_the_rest_is_changed_and_what_is_said_again_is_no_change(api_for: Api, acting: Acting, contact: str) -> None:
    whole = api_for("rep").get(f"/contacts/{contact}").json
    again = {name: whole[name] for name in ("mobile", "city", "job_title", "birthday")}
    answer = api_for("rep").patch(f"/contacts/{contact}", json={**again, "name": "Ada L"})
    assert answer.status_code == 200, answer.json
    with acting("owner"):
        stored = db.session.scalars(select(Contact).where(Contact.name == "Ada L")).one()
        assert (stored.phone, stored.mobile, stored.city) == ("+12125550100", "+12125550199", "Hiddenville")


def test_one_reads_ones_own_rules(api_for: Api, acting: Acting) -> None:
    close_fields(acting, {"contact.phone": "masked"})
    assert api_for("rep").get("/me/permissions").json["fields"] == [
        {"resource": "contact", "field": "phone", "rule": "masked"}
    ]
    assert api_for("manager").get("/me/permissions").json["fields"] == []


def test_rules_of_a_role(api_for: Api, acting: Acting) -> None:
    role = next(role for role in api_for("owner").get("/roles").json["items"] if role["key"] == "rep")
    page = f"/roles/{role['id']}"
    changed = api_for("owner").patch(page, json={"fields": {"contact.phone": "masked", "company.address": "hidden"}})
    assert changed.json["fields"] == {"company.address": "hidden", "contact.phone": "masked"}
    assert changed.json["permissions"] == role["permissions"]
    lifted = api_for("owner").patch(page, json={"fields": {"contact.phone": None}})
    assert lifted.json["fields"] == {"company.address": "hidden"}
    assert places(api_for("owner").patch(page, json={"fields": {"contact.birthday": "masked"}})) == {
        "#/fields/contact.birthday"
    }
    assert api_for("owner").patch(page, json={"fields": {"contact.id": "hidden"}}).status_code == 422
    owner = next(role for role in api_for("owner").get("/roles").json["items"] if role["key"] == "owner")
    assert (
        api_for("owner").patch(f"/roles/{owner['id']}", json={"fields": {"contact.phone": "hidden"}}).status_code == 422
    )
    with acting("owner"):
        assert "contact.phone" not in db.session.scalars(select(Role.permissions).where(Role.key == "owner")).one()


def test_nobody_gives_what_is_closed_to_them(api_for: Api, acting: Acting) -> None:
    close_fields(acting, {"contact.phone": "hidden"}, key="admin")
    answer = api_for("admin").post("/roles", json={"name": "Open", "permissions": {"contact:read": "all"}})
    assert places(answer) == {"#/fields/contact.phone"}
    kept = {"name": "Closed", "permissions": {"contact:read": "all"}, "fields": {"contact.phone": "hidden"}}
    assert api_for("admin").post("/roles", json=kept).status_code == 201


def test_what_was_read_under_other_rules_is_another_version(api_for: Api, acting: Acting, contact: str) -> None:
    page = f"/contacts/{contact}"
    veiled = api_for("rep").get(page)
    again = api_for("rep").patch(page, json={"name": "Ada V"}, headers={"If-Match": veiled.headers["ETag"]})
    assert again.status_code == 200
    lifted = dict.fromkeys(("contact.email", "contact.job_title", "contact.mobile", "contact.phone"))
    role = next(role for role in api_for("owner").get("/roles").json["items"] if role["key"] == "rep")
    assert api_for("owner").patch(f"/roles/{role['id']}", json={"fields": lifted}).status_code == 200
    stale = api_for("rep").patch(page, json={"mobile": ""}, headers={"If-Match": again.headers["ETag"]})
    assert stale.status_code == 412
    assert api_for("rep").get(page, headers={"If-None-Match": again.headers["ETag"]}).status_code == 200
    masked = api_for("rep").patch(page, json={"email": "a\u2022\u2022\u2022@veil.example"})
    assert places(masked) == {"#/email"}
    with acting("owner"):
        stored = db.session.scalars(select(Contact).where(Contact.name == "Ada V")).one()
        assert (stored.mobile, stored.email) == ("+12125550199", "ada.secret@veil.example")


def test_a_whole_deal_is_sent_back_as_it_was_read(api_for: Api, acting: Acting, make: Maker) -> None:
    deal = make.deal("rep", name="Round trip", amount="1,200")
    close_fields(acting, {"opportunity.amount": "hidden"})
    answer = api_for("rep").patch(f"/opportunities/{deal.id}", json={"name": "Round trip 2", "amount": None})
    assert answer.status_code == 200, answer.json
    assert api_for("manager").get(f"/opportunities/{deal.id}").json["amount"]["amount"] == "1200.00"


def test_the_log_tells_no_domain_of_a_closed_website(api_for: Api, acting: Acting, make: Maker) -> None:
    make.company("rep", name="Told", website="www.topsecret.example")
    close_fields(acting, {"company.website": "hidden"}, key="admin")
    assert "topsecret" in api_for("owner").get("/audit?resource=company").text
    assert "topsecret" not in api_for("admin").get("/audit?resource=company").text
