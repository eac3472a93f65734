"""What a member should see, in plain Python, and what each way in to the records shows them."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import select

from saas_crm.access.permissions import BUILT_IN, SALES, SCOPES, CurrentMember
from saas_crm.activities import queries as activities
from saas_crm.activities.models import Activity
from saas_crm.core.errors import NotFound
from saas_crm.customers import queries as customers
from saas_crm.customers.choosing import tags_in_use
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
class Organisation:
    """Who stands where, by names: slow and plain, to be compared with what the database finds."""

    paths: dict[str, tuple[str, ...]] = field(default_factory=lambda: dict(TEAM_PATHS))
    team: dict[str, str] = field(default_factory=lambda: dict(TEAMS))
    helps: dict[str, set[str]] = field(default_factory=dict)
    manages: dict[str, set[str]] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    guests: set[tuple[str, str]] = field(default_factory=set)
    shares: dict[tuple[UUID, str], str] = field(default_factory=dict)
    children_follow: bool = True
    owners: frozenset[str] = frozenset({"owner"})

    def teams_of(self, who: str) -> set[str]:
        """Return the teams from which a member's scopes reach."""
        return {self.team[who]} | self.helps.get(who, set()) | self.manages.get(who, set())

    def hidden(self, who: str, owner: str) -> bool:
        """Whether a closed unit hides from a member what an owner has."""
        units = self.closed & set(self.paths[self.team[owner]])
        return who not in self.owners and any(self._is_outside(who, unit) for unit in units)

    def _is_outside(self, who: str, unit: str) -> bool:
        if (who, unit) in self.guests:
            return False
        return not any(unit in self.paths[team] or team in self.paths[unit] for team in self.teams_of(who))

    def covers(self, scope: str | None, who: str, owner: str) -> bool:
        """Whether a scope covers what an owner has."""
        if scope is None or self.hidden(who, owner):
            return False
        if scope == "all" or owner == who:
            return True
        if scope == "team":
            return self.team[owner] in self.teams_of(who)
        return scope == "subtree" and bool(self.teams_of(who) & set(self.paths[self.team[owner]]))


@dataclass
class World:
    """Who owns what, and what hangs on what."""

    organisation: Organisation = field(default_factory=Organisation)
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
        return {key for key in self.all(kind) if self.organisation.covers(scope, who, self.owner[key])}

    def shared(self, scopes: dict[str, str], who: str, kind: str, action: str) -> Keys:
        """Return what is shared with a member, and what hangs on it where children follow."""
        levels = {"read": ("read", "edit"), "update": ("edit",)}.get(action, ())
        if f"{kind}:{action}" not in scopes:
            return set()
        given = {key for (key, to), level in self.organisation.shares.items() if to == who and level in levels}
        found = given & self.all(kind)
        if self.organisation.children_follow:
            parents = {resource for _, resource in MODELS[kind].__follows__ if f"{resource}:{action}" in scopes}
            given = {key for key in given if self.kind[key] in parents}
            found |= {key for key in self.all(kind) if given & set(self.parents[key])}
        return found

    def of_own(self, scopes: dict[str, str], who: str, kind: str) -> Keys:
        """Return what hangs on what is a member's own, which they read through walls and switch."""
        kinds = {resource for _, resource in MODELS[kind].__follows__ if f"{resource}:read" in scopes}
        own = {key for key, owner in self.owner.items() if owner == who and self.kind[key] in kinds}
        return {key for key in self.all(kind) if own & set(self.parents[key])}

    def changeable(self, scopes: dict[str, str], who: str, kind: str, action: str) -> Keys:
        """Return what a member may change, delete or give away."""
        return self.reach(scopes, who, kind, action) | self.shared(scopes, who, kind, action)

    def seen(self, scopes: dict[str, str], who: str, kind: str) -> Keys:
        """Return what a member sees: by owner, by a share, or through a parent; nothing without the permission."""
        if kind == "board":
            return self.reach(scopes, who, "opportunity", "read")
        if f"{kind}:read" not in scopes:
            return set()
        found = self.reach(scopes, who, kind, "read") | self.shared(scopes, who, kind, "read")
        found |= self.of_own(scopes, who, kind)
        if not self.organisation.children_follow or scopes[f"{kind}:read"] == "all":
            return found
        follows = [resource for _, resource in MODELS[kind].__follows__]
        through = {key for resource in follows for key in self.seen(scopes, who, resource)}
        return found | {
            key for key in self.all(kind)
            if through & set(self.parents[key]) and not self.organisation.hidden(who, self.owner[key])
        }  # fmt: skip


def scopes_by_chance(seed: int) -> dict[str, str]:
    """Return a role nobody would think of."""
    chance = random.Random(seed)
    scopes = {
        permission: scope for permission, scope in BUILT_IN["viewer"].items() if permission.split(":")[0] not in SALES
    }
    for resource in SALES:
        for action in ("read", "create", "update", "delete", "assign"):
            scope = chance.choice((None, *SCOPES))
            if scope:
                scopes[f"{resource}:{action}"] = scope
    return scopes


def looks(app: Flask, cast: Cast, who: str) -> dict[str, dict[str, Keys]]:
    """Return what a member finds by each way in, for each kind of record."""
    with acting(app, cast, who) as member:
        every: dict[str, dict[str, Keys]] = {kind: {} for kind in MODELS}
        if member.can("company:read"):
            every["company"] = _companies(member)
        if member.can("contact:read"):
            every["contact"] = _contacts(member)
        if member.can("opportunity:read"):
            every["opportunity"], every["board"] = _deals(member)
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
    assert {t.removeprefix("tag-") for t in tags_in_use(Company, member)} <= set(OWNERS)
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


def _cards(member: CurrentMember, column: board.Column) -> list[board.CardRow]:
    """Return all cards of a column: those a board begins with, and those that follow."""
    found = list(column.cards)
    while found and len(found) < column.count:
        last = found[-1]
        found += (more := board.more_cards(member, column.stage.id, after=(last.stage_since, UUID(last.id)))).rows
        if more.after is None:
            break
    return found


def _deals(member: CurrentMember) -> tuple[dict[str, Keys], dict[str, Keys]]:
    every = deals.DealFilter()
    shown = board.board(member, currency="USD", today=datetime.now(UTC).date())
    listed = {row.id for row in deals.opportunity_rows(member, every, limit=200).rows}
    assert deals.count_up_to(member, every) == len(listed)
    cards = {UUID(card.id) for column in shown.columns for card in _cards(member, column)}
    assert sum(column.count for column in shown.columns) == len(cards), "the kept totals hold"
    return {"list": listed, "detail": _details(member, "opportunity", deals.get_opportunity)}, {"cards": cards}


def _details(member: CurrentMember, kind: str, get: Callable[..., Any]) -> Keys:
    found = set()
    for record_id in db.session.scalars(select(MODELS[kind].id)).all():
        try:
            found.add(get(record_id, member=member).id)
        except NotFound:
            continue
    return found


def compare(app: Flask, cast: Cast, world: World, who: str, scopes: dict[str, str]) -> int:
    """Hold every way in against what the member should see; returns how many ways there were."""
    compared = 0
    for kind, ways in looks(app, cast, who).items():
        compared += len(ways)
        expected = world.seen(scopes, who, kind)
        for way, found in ways.items():
            more, less = len(found - expected), len(expected - found)
            assert (more, less) == (0, 0), f"{who}: {way} of {kind} shows {more} too many, {less} too few; {scopes}"
    return compared
