"""What is written fast is, to the byte, what the described model would write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel

from mobile_api.account_teams import AccountTeamMemberRead
from mobile_api.audit import AuditRead
from mobile_api.consents import ConsentRead
from mobile_api.erasures import ErasureRead
from mobile_api.hand_overs import HandOverRead
from mobile_api.invitations import INVITATION
from mobile_api.me import MeRead, PermissionRead
from mobile_api.members import MEMBER
from mobile_api.opportunity_shape import OPPORTUNITY
from mobile_api.processing import ProcessingRead
from mobile_api.registry import load
from mobile_api.search import Hit
from mobile_api.shapes import Shape
from mobile_api.team_people import TeamPersonRead
from mobile_api.teams import TEAM
from mobile_api.tokens import TOKEN
from saas_crm.access.role_schemas import RoleRead
from saas_crm.activities.schemas import ActivityRead
from saas_crm.customers.schemas import CompanyRead, ContactRead
from saas_crm.opportunities.schemas import OpportunityRead, PipelineRead
from tests.support.clients import Phone
from tests.support.making import Maker

LISTS: list[tuple[str, type[BaseModel]]] = [
    ("/companies", CompanyRead), ("/contacts", ContactRead), ("/activities", ActivityRead),
    ("/opportunities", OpportunityRead), ("/pipelines", PipelineRead), ("/search?q=ada", Hit),
    ("/members", MEMBER.read), ("/tokens", TOKEN.read), ("/teams", TEAM.read), ("/audit", AuditRead),
    ("/roles", RoleRead), ("/me/permissions", PermissionRead),
    ("/processing-activities", ProcessingRead),
]  # fmt: skip


@pytest.mark.parametrize(("path", "model"), LISTS)
def test_lists(path: str, model: type[BaseModel], api_for: Callable[..., Phone], make: Maker) -> None:
    full = make.company("rep", name="Ada ✓", tags="a, b", phone="+493012345678", website="ada.example", country="DE")
    contact = make.contact("rep", name="Bob", company_id=str(full.id), birthday="1990-01-02", mobile="+15005550006")
    make.company("rep", name="Bare")
    make.deal("rep", name="Ada", amount="1,200.50", company_id=str(full.id), contact_ids=str(contact.id))
    make.deal("rep", outcome="lost", expected_close="2027-01-31")
    make.activity("rep", company_id=str(full.id), duration_minutes="15")
    make.activity("rep", kind="task", due_at="2027-01-31T08:00")
    items = api_for("owner" if path == "/audit" else "rep").get(path).json["items"]
    assert items
    for item in items:
        assert model.model_validate(item).model_dump(mode="json") == item
        assert list(item) == list(model.model_fields)


def test_the_list_for_admins(api_for: Callable[..., Phone], make: Maker) -> None:
    owner = api_for("owner")
    role = owner.get(f"/members/{make.member_id('rep')}").json["role_id"]
    owner.post("/invitations", json={"email": "n@new.example", "role_id": role})
    [item] = owner.get("/invitations").json["items"]
    assert INVITATION.read.model_validate(item).model_dump(mode="json") == item


@pytest.mark.parametrize("plural", ["companies", "contacts", "opportunities"])
def test_account_teams(plural: str, api_for: Callable[..., Phone], make: Maker) -> None:
    makes = {"companies": make.company, "contacts": make.contact, "opportunities": make.deal}
    team = f"/{plural}/{makes[plural]('rep', name='Ada').id}/account-team"
    api_for("rep").post(team, json={"member_id": str(make.member_id("viewer"))})
    [item] = api_for("rep").get(team).json["items"]
    assert AccountTeamMemberRead.model_validate(item).model_dump(mode="json") == item


@pytest.mark.parametrize("what", ["helpers", "guests"])
def test_people_beside_a_team(what: str, api_for: Callable[..., Phone], make: Maker) -> None:
    path = f"/teams/{make.team_id('south')}/{what}"
    api_for("owner").post(path, json={"member_id": str(make.member_id("rep"))})
    [item] = api_for("owner").get(path).json["items"]
    assert TeamPersonRead.model_validate(item).model_dump(mode="json") == item


def test_hand_overs(api_for: Callable[..., Phone], make: Maker) -> None:
    make.company("rep", name="Ada")
    owner = api_for("owner")
    whom = {"from_id": str(make.member_id("rep")), "to_ids": [str(make.member_id("teammate"))]}
    assert owner.post("/hand-overs", json={**whom, "by": "one"}).status_code == 201
    [item] = owner.get("/hand-overs").json["items"]
    assert HandOverRead.model_validate(item).model_dump(mode="json") == item


def test_consents_and_erasures(api_for: Callable[..., Phone], make: Maker) -> None:
    owner, contact = api_for("owner"), make.contact("rep", name="Eva Tulpe").id
    said = {"channel": "email", "purpose": "marketing", "state": "given"}
    assert owner.post(f"/contacts/{contact}/consents", json=said).status_code == 201
    [item] = owner.get(f"/contacts/{contact}/consents").json["items"]
    assert ConsentRead.model_validate(item).model_dump(mode="json") == item
    assert owner.post(f"/contacts/{contact}/erasure", json={"name": "Eva Tulpe"}).status_code == 201
    [item] = owner.get("/erasures").json["items"]
    assert ErasureRead.model_validate(item).model_dump(mode="json") == item


def test_me(api_for: Callable[..., Phone]) -> None:
    me = api_for("rep").get("/me").json
    assert MeRead.model_validate(me).model_dump(mode="json") == me


def test_moments_of_another_zone_become_utc() -> None:
    from datetime import datetime, timedelta, timezone

    class Noted(BaseModel):
        id: int
        at: datetime | None

    shape = Shape(Noted, {"id": None, "at": None})
    east = timezone(timedelta(hours=8))
    shown = shape.shown(("id", "at"), (1, datetime(2027, 1, 1, 7, 30, tzinfo=east)))
    assert shown["at"].isoformat() == "2026-12-31T23:30:00+00:00"
    assert shape.shown(("id", "at"), (1, None)) == {"id": 1, "at": None}


@pytest.mark.parametrize(("currency", "text"), [("JPY", "1200"), ("EUR", "1200.50"), ("KWD", "1200.500")])
def test_amounts_have_the_digits_of_their_currency(currency: str, text: str) -> None:
    from decimal import Decimal

    from saas_crm.core.money import Money

    stored = Decimal("1200.500") if currency != "JPY" else Decimal("1200.000")
    shown = OPPORTUNITY.shown(("id", "amount", "currency"), (1, stored, currency))
    assert shown == {"id": 1, "amount": Money(stored, currency).as_json()}
    assert shown["amount"]["amount"] == text


def test_every_list_has_a_test_here() -> None:
    lists: set[Any] = {
        operation.path
        for operation in load().operations()
        if operation.method == "GET" and "items" in getattr(operation.responses.get(200), "model_fields", ())
    }
    others = {"/invitations", "/hand-overs", "/erasures", "/contacts/<uuid:contact_id>/consents", "/numbering"}
    others |= {"/billing/invoices", "/billing/plans"}
    others |= {f"/{plural}/<uuid:record_id>/account-team" for plural in ("companies", "contacts", "opportunities")}
    others |= {f"/teams/<uuid:team_id>/{what}" for what in ("helpers", "guests")}
    assert lists == {path.partition("?")[0] for path, _ in LISTS} | others
