"""Queries are kept for all who ask alike: whoever asks finds what a query built for them alone would find."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from functools import partial
from types import FunctionType
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Row

from saas_crm.access import few
from saas_crm.access.owners import owner_names
from saas_crm.access.permissions import SALES, CurrentMember
from saas_crm.access.visibility import reader
from saas_crm.activities import queries as activities
from saas_crm.core.errors import NotFound
from saas_crm.core.keyset import Page
from saas_crm.customers import queries as customers
from saas_crm.customers import records as customer_records
from saas_crm.customers.models import Company, Contact
from saas_crm.customers.queries import CustomerFilter
from saas_crm.opportunities import board
from saas_crm.opportunities import queries as deals
from saas_crm.opportunities import records as deal_records
from saas_crm.opportunities.models import Opportunity
from saas_crm.opportunities.queries import DealFilter
from saas_crm.search import queries as search
from tenants.db import fetch
from tests.access.test_organisations import ROLE, Office, by_chance
from tests.access.ways_in import WORD, World, scopes_by_chance
from tests.conftest import Stage
from tests.support.making import acting

WHO = ("owner", "manager", "rep", "teammate", "colleague", "viewer", "outsider")
RULES = {"contact.phone": "masked", "company.address": "hidden"}
ORGANISATIONS = 4
TODAY, NOW = date(2026, 3, 2), datetime(2100, 1, 1, tzinfo=UTC)
Asking = Callable[[CurrentMember], Any]


@pytest.fixture
def office(stage: Stage) -> Iterator[Office]:
    with stage.installation.place.owner() as connection:
        yield Office(connection, stage)


def all_kept() -> list[tuple[Any, str]]:
    """Return every function of the product whose queries are kept, by its module and its name."""
    ours = [module for name, module in sorted(sys.modules.items()) if name.startswith("saas_crm.")]
    return [
        (module, name) for module in ours for name, found in vars(module).items()
        if type(found) is FunctionType and hasattr(found, "cache_clear") and found.__module__ == module.__name__
    ]  # fmt: skip


class Alone:
    """Builds each query for who asks, by the function itself, and leaves it to SQLAlchemy."""

    def __init__(self, build: Any) -> None:
        self.__wrapped__ = build

    def __call__(self, *given: Any, **named: Any) -> Any:
        return self.__wrapped__(*given, **named)


def told(found: Any) -> Any:
    """Return what was found as plain values."""
    if isinstance(found, Page):
        return told(found.rows), found.after
    if isinstance(found, tuple | list | Row):
        return [told(each) for each in found]
    return found


def answer(asking: Asking, member: CurrentMember) -> Any:
    """Return what a member is told, or that they are not."""
    try:
        return told(asking(member))
    except NotFound as refused:
        return type(refused)


def questions(world: World, member_ids: list[UUID], chance: random.Random) -> list[tuple[str, Asking]]:
    """Return reads of every kind, with filters by chance: ids of records and members, and what else they take."""
    company, contact, deal = (chance.choice(sorted(world.all(kind))) for kind in ("company", "contact", "opportunity"))
    owner = chance.choice([None, *member_ids])
    tag, number = chance.choice(["", "", "tag-rep"]), chance.choice(["", "", str(owner)])
    own: dict[str, Any] = {"owner_id": owner, "tag": tag, "number": number}
    of_company = CustomerFilter(**own, company_id=chance.choice([None, company]))
    in_words = CustomerFilter(**own, q=chance.choice([WORD, "company rep"]))
    undated = chance.choice([True, False])
    some = DealFilter(
        owner_id=owner, company_id=chance.choice([None, company]), contact_id=chance.choice([None, contact]),
        undated=undated, closes_from=None if undated else chance.choice([None, TODAY]),
    )  # fmt: skip
    page: dict[str, Any] = {"sort": chance.choice(["name", "-updated_at"]), "limit": chance.choice([1, 50])}
    dated = {**page, "sort": chance.choice(["-updated_at", "expected_close", "-amount"])}
    after = {**page, "after": None}
    return [
        ("company", partial(customers.company_rows, wanted=of_company, **page, counted=chance.choice([True, False]))),
        ("company", partial(customers.company_rows, wanted=in_words, **page, counted=True)),
        ("contact", partial(customers.contact_rows, wanted=of_company, **page, counted=chance.choice([True, False]))),
        ("contact", partial(customers.contact_rows, wanted=in_words, **page, counted=True)),
        ("company", lambda member: customer_records.records(
            Company, member, CustomerFilter(**own), columns=(Company.id, Company.phone, Company.city), **after)),
        ("contact", lambda member: customer_records.records(
            Contact, member, of_company, columns=(Contact.id, Contact.phone), **after)),
        ("contact", lambda member: customer_records.record(Contact, contact, member, (Contact.id, Contact.phone))),
        ("contact", lambda member: customers.contacts_of(company, member=member)),
        ("opportunity", partial(deals.opportunity_rows, wanted=some, **dated)),
        ("opportunity", lambda member: deal_records.records(
            member, some, columns=(Opportunity.id, Opportunity.amount), **dated, after=None)),
        ("opportunity", lambda member: deal_records.record(deal, member, (Opportunity.id, Opportunity.name))),
        ("opportunity", lambda member: deals.deals_of("company", company, member=member)),
        ("opportunity", lambda member: deals.deals_of("contact", contact, member=member)),
        ("opportunity", partial(deals.stale_for, now=NOW)),
        ("opportunity", partial(board.board, currency="USD", today=TODAY, owner_id=owner)),
        ("opportunity", partial(board.board, currency="USD", today=TODAY)),
        ("activity", lambda member: activities.story("company", company, member=member)),
        ("activity", lambda member: activities.story("opportunity", deal, member=member)),
        ("activity", partial(activities.due_for, now=NOW)),
        ("company", lambda member: search.find(WORD, member, limit=200)),
        ("contact", _begun),
        (kind := chance.choice(SALES), partial(_names, resource=kind)),
    ]  # fmt: skip


def _begun(member: CurrentMember) -> Any:
    """Ask as a search does that has too many candidates."""
    words = search.sought(WORD, search.KINDS)
    assert words is not None
    asking = reader(member, "company:read", "contact:read", "opportunity:read")
    found = fetch(search._all_openings(asking, search.KINDS, words, 200), words.values)
    return sorted(tuple(row) for row in found)


def _names(member: CurrentMember, resource: str) -> Any:
    return owner_names(member, resource)


@pytest.mark.parametrize("seed", range(ORGANISATIONS))
def test_everybody_is_told_what_they_alone_would_be(
    seed: int, stage: Stage, world: World, office: Office, role_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Members of the same role, in teams, units and another workspace by chance, ask in turn in one process."""
    chance = random.Random(seed)
    for many in few.FEW:
        monkeypatch.setitem(few.FEW, many, 1e6 if seed % 2 else 0.0)
    world.organisation = by_chance(seed, world)
    office.furnish(world.organisation, world)
    scopes = scopes_by_chance(500 + seed) | {
        f"{kind}:read": chance.choice(("own", "team", "subtree")) for kind in SALES
    }
    for role in {ROLE.get(who, who) for who in WHO} - {"owner", "outsider"}:
        role_of(role, scopes | (RULES if role == "rep" and seed % 3 else {}))
    ids = [stage.cast[who].member_id for who in WHO]
    asked = questions(world, [each for each in ids if each], chance)
    turns = [(who, chance.sample(asked, len(asked) // 2)) for _ in range(2) for who in chance.sample(WHO, len(WHO))]
    functions = [getattr(module, name) for module, name in all_kept()]
    for function in functions:
        function.cache_clear()
    shared = [_answers(stage, who, some) for who, some in turns]
    unasked = [function.__name__ for function in functions if not function.cache_info().currsize]
    hits = sum(function.cache_info().hits for function in functions)
    for module, name in all_kept():
        monkeypatch.setattr(module, name, Alone(getattr(module, name).__wrapped__))
    for (who, some), found in zip(turns, shared, strict=True):
        assert found == _answers(stage, who, some), who
    assert (hits > 40, unasked) == (True, [])


def _answers(stage: Stage, who: str, asked: list[tuple[str, Asking]]) -> list[Any]:
    with acting(stage.installation.app, stage.cast, who) as member:
        return [answer(asking, member) for kind, asking in asked if member.can(f"{kind}:read")]
