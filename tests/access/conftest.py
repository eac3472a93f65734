"""Records of everybody's, roles nobody would think of, and how a member's view is held against what it should be."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any
from uuid import UUID

import pytest

from saas_crm.access.permissions import CurrentMember
from saas_crm.access.visibility import parent_model
from saas_crm.activities.models import Activity
from saas_crm.opportunities.actions import update_opportunity
from saas_crm.opportunities.queries import get_opportunity
from saas_crm.opportunities.schemas import OpportunityWrite
from tenants.db import db
from tests.access.ways_in import OWNERS, WORD, World
from tests.conftest import Stage
from tests.support.making import Maker
from tests.support.making import acting as acting_as


@pytest.fixture(scope="module")
def world(stage: Stage) -> Iterator[World]:
    """Records of everybody's, hanging on their own and on each other's companies."""
    make, made = Maker(stage.installation.app, stage.cast), World()
    for who in OWNERS:
        company = make.company("owner", owner=who, name=f"{WORD} Company {who}", tags=f"tag-{who}")
        made.add("company", company.id, who)
    companies = list(made.all("company"))
    for who in OWNERS:
        for company_id in (*companies, None):
            at = {"company_id": str(company_id)} if company_id else {}
            parents = [company_id] if company_id else []
            contact = make.contact("owner", owner=who, name=f"{WORD} Contact {who}", **at)
            made.add("contact", contact.id, who, *parents)
        company_id = companies[OWNERS.index(who)]
        deal = make.deal("owner", owner=who, name=f"{WORD} Deal {who}", amount="100", company_id=str(company_id))
        made.add("opportunity", deal.id, who, company_id)
        for target in companies[:2]:
            activity = make.activity("owner", owner=who, subject=f"{WORD} Call", company_id=str(target))
            made.add("activity", activity.id, who, target)
        activity = make.activity("owner", owner=who, subject=f"{WORD} Deal call", opportunity_id=str(deal.id))
        made.add("activity", activity.id, who, deal.id, company_id)
    _deals_of_customers(make, made, stage)
    yield made
    stage.pristine.restore()


def _deals_of_customers(make: Maker, made: World, stage: Stage) -> None:
    """Add deals of others' companies and of consumers, who may be at a company all the same."""
    companies, contacts = list(made.all("company")), list(made.all("contact"))
    for number, who in enumerate(OWNERS):
        named = {"name": f"{WORD} Sale {who}", "amount": "100", "owner": who}
        company_id, contact_id = companies[number - 1], contacts[(number * 7 + 3) % len(contacts)]
        deal = make.deal("owner", **named, company_id=str(company_id), contact_id=str(contact_id))
        made.add("opportunity", deal.id, who, company_id)
        alone, of_company = contacts[(6 * number + 11) % len(contacts)], contacts[(8 * number + 1) % len(contacts)]
        for contact_id in (alone, of_company):  # no more: a column of the board shows twenty
            deal = make.deal("owner", **named, contact_id=str(contact_id))
            made.add("opportunity", deal.id, who, contact_id)
            activity = make.activity("owner", owner=OWNERS[number - 2], opportunity_id=str(deal.id))
            made.add("activity", activity.id, OWNERS[number - 2], deal.id)
            _let_go_of_companies(stage, deal.id, activity.id)


def _let_go_of_companies(stage: Stage, deal_id: UUID, activity_id: UUID) -> None:
    """A contact brought their company to the deal, and the deal both to the activity: take those off again."""
    with acting_as(stage.installation.app, stage.cast, "owner") as owner:
        deal = get_opportunity(deal_id, member=owner)
        update_opportunity(deal, OpportunityWrite(name=deal.name, company_id=None), actor=owner)
        activity = db.session.get_one(Activity, activity_id)
        activity.company_id = activity.contact_id = None


@pytest.fixture
def role_of(stage: Stage) -> Iterator[Callable[[str, dict[str, str]], None]]:
    """Give the role that a member has other permissions; put back afterwards."""
    schema = stage.cast.tenants["acme"].schema_name
    before: dict[str, Any] = {}

    def change(role: str, scopes: dict[str, str]) -> None:
        with stage.installation.place.owner() as connection:
            if role not in before:
                row = connection.execute(f"SELECT permissions FROM {schema}.roles WHERE key = %s", [role]).fetchone()
                assert row is not None
                before[role] = row[0]
            query = f"UPDATE {schema}.roles SET permissions = %s::jsonb WHERE key = %s"
            connection.execute(query, [json.dumps(scopes), role])

    yield change
    for role, scopes in list(before.items()):
        change(role, scopes)


@pytest.fixture
def records(make: Maker, acting: Callable[[str], AbstractContextManager[CurrentMember]]) -> list[tuple[str, UUID]]:
    """Records whose owners differ along what they hang on, and one of nobody."""
    found: list[tuple[str, UUID]] = []
    dice = random.Random(7)
    owners = ("manager", "rep", "teammate", "colleague", "owner")
    for who in owners:
        company = make.company("owner", owner=who)
        contact = make.contact("owner", owner=dice.choice(owners), company_id=str(company.id))
        deal = make.deal("owner", owner=dice.choice(owners), company_id=str(company.id))
        alone = make.contact("owner", owner=who)
        sale = make.deal("owner", owner=dice.choice(owners), contact_id=str(alone.id))
        near = {"company_id": str(company.id)}
        activities = [
            make.activity("owner", owner=dice.choice(owners), **near),
            make.activity("owner", owner=dice.choice(owners), contact_id=str(contact.id)),
            make.activity("owner", owner=dice.choice(owners), opportunity_id=str(deal.id), **near),
            make.activity("owner", owner=dice.choice(owners), opportunity_id=str(sale.id)),
        ]
        late = make.contact("owner", owner=dice.choice(owners))
        late_sale = make.deal("owner", owner=dice.choice(owners), contact_id=str(late.id))
        with acting("owner"):  # who came to a company only after the sale
            db.session.get_one(parent_model("contact"), late.id).company_id = company.id
        found += [("contact", late.id), ("opportunity", sale.id), ("opportunity", late_sale.id)]
        found += [("company", company.id), ("contact", contact.id), ("contact", alone.id), ("opportunity", deal.id)]
        found += [("activity", activity.id) for activity in activities]
    orphan = make.company("owner")
    with acting("owner"):
        db.session.get_one(parent_model("company"), orphan.id).owner_id = None
    return [*found, ("company", orphan.id)]
