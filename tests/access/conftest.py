"""Records of everybody's, roles nobody would think of, and how a member's view is held against what it should be."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.access.ways_in import OWNERS, WORD, World
from tests.conftest import Stage
from tests.support.making import Maker


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
        made.add("opportunity", deal.id, who)
        for target in companies[:2]:
            activity = make.activity("owner", owner=who, subject=f"{WORD} Call", company_id=str(target))
            made.add("activity", activity.id, who, target)
        activity = make.activity("owner", owner=who, subject=f"{WORD} Deal call", opportunity_id=str(deal.id))
        made.add("activity", activity.id, who, deal.id, company_id)
    yield made
    stage.pristine.restore()


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
