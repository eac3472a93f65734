"""What a member should see, in plain Python, and what each way in to the records shows them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import select

from saas_crm.access.permissions import CurrentMember
from saas_crm.activities import queries as activities
from saas_crm.activities.models import Activity
from saas_crm.core.errors import NotFound
from saas_crm.customers import queries as customers
from saas_crm.customers.models import Company, Contact
from saas_crm.opportunities import board
from saas_crm.opportunities import queries as deals
from saas_crm.opportunities.models import Opportunity
from saas_crm.search.queries import find
from tenants.db import db
from tests.guard.endpoints import TEAM_PATHS
from tests.support.cast import TEAMS, Cast
from tests.support.making import acting

OWNERS = ("owner", "manager", "rep", "teammate", "colleague")
WORD = "Quokka"
MODELS: dict[str, Any] = {
    "company": Company, "contact": Contact, "opportunity": Opportunity, "activity": Activity,
}  # fmt: skip  # fmt: skip
Keys = set[UUID]


@dataclass
class World:
    """Who owns what, and what hangs on what."""

    owner: dict[UUID, str] = field(default_factory=dict)
    kind: dict[UUID, str] = field(default_factory=dict)
    parents: dict[UUID, list[UUID]] = field(default_factory=dict)

    def add(self, kind: str, record_id: UUID, owner: str, *parents: UUID) -> UUID:
        """Note a record and return its key."""
        self.kind[record_id], self.owner[record_id], self.parents[record_id] = kind, owner, list(parents)
        return record_id

    def all(self, kind: str) -> Keys:
        """Return the records of one kind."""
        return {key for key, found in self.kind.items() if found == kind}

    def reach(self, scopes: dict[str, str], who: str, kind: str, action: str) -> Keys:
        """Return the records a scope covers by their owners alone."""
        scope = scopes.get(f"{kind}:{action}")
        mine = TEAM_PATHS[TEAMS[who]]
        covered = {
            None: lambda owner: False,
            "own": lambda owner: owner == who,
            "team": lambda owner: TEAMS[owner] == TEAMS[who],
            "subtree": lambda owner: mine[-1] in TEAM_PATHS[TEAMS[owner]],
            "all": lambda owner: True,
        }[scope]
        return {key for key in self.all(kind) if covered(self.owner[key])}

    def seen(self, scopes: dict[str, str], who: str, kind: str) -> Keys:
        """Return what a member sees: by owner, or through a parent they see; nothing without the permission."""
        if f"{kind}:read" not in scopes:
            return set()
        found = self.reach(scopes, who, kind, "read")
        follows = [resource for _, resource in MODELS[kind].__follows__]
        through = {key for resource in follows for key in self.seen(scopes, who, resource)}
        return found | {key for key in self.all(kind) if through & set(self.parents[key])}


def looks(app: Flask, cast: Cast, who: str) -> dict[str, dict[str, Keys]]:
    """Return what a member finds by each way in, for each kind of record."""
    with acting(app, cast, who) as member:
        every: dict[str, dict[str, Keys]] = {kind: {} for kind in MODELS}
        if member.can("company:read"):
            every["company"] = _companies(member)
        if member.can("contact:read"):
            every["contact"] = _contacts(member)
        if member.can("opportunity:read"):
            every["opportunity"] = _deals(member)
        if member.can("activity:read"):
            every["activity"] = {"detail": _details(member, "activity", activities.get_activity)}
        hits = find(WORD, member, limit=200)
        for kind in ("company", "contact", "opportunity"):
            every[kind]["search"] = {hit.record_id for hit in hits if hit.kind == kind}
        return every


def _companies(member: CurrentMember) -> dict[str, Keys]:
    every, asked = customers.CustomerFilter(), customers.CustomerFilter(q=WORD)
    listed = {row.id for row in customers.company_rows(member, every, limit=200).rows}
    assert customers.count_up_to(Company, member, every) == len(listed)
    assert {t.removeprefix("tag-") for t in customers.tags_in_use(Company, member)} <= set(OWNERS)
    return {
        "list": listed,
        "list by words": {row.id for row in customers.company_rows(member, asked, limit=200).rows},
        "detail": _details(member, "company", customers.get_company),
    }


def _contacts(member: CurrentMember) -> dict[str, Keys]:
    every = customers.CustomerFilter()
    listed = {row.id for row in customers.contact_rows(member, every, limit=200).rows}
    assert customers.count_up_to(Contact, member, every) == len(listed)
    return {"list": listed, "detail": _details(member, "contact", customers.get_contact)}


def _deals(member: CurrentMember) -> dict[str, Keys]:
    every = deals.DealFilter()
    shown = board.board(member, currency="USD", today=datetime.now(UTC).date())
    listed = {row.id for row in deals.opportunity_rows(member, every, limit=200).rows}
    assert deals.count_up_to(member, every) == len(listed)
    assert sum(column.count for column in shown.columns) == len(listed), "the kept totals hold"
    return {
        "list": listed,
        "board": {UUID(str(card.id)) for column in shown.columns for card in column.cards},
        "detail": _details(member, "opportunity", deals.get_opportunity),
    }


def _details(member: CurrentMember, kind: str, get: Callable[..., Any]) -> Keys:
    found = set()
    for record_id in db.session.scalars(select(MODELS[kind].id)).all():
        try:
            found.add(get(record_id, member=member).id)
        except NotFound:
            continue
    return found
