"""Everybody with their roles, teams and units, as plain values: three statements for any number of members."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import func, select

from saas_crm.access.models import Member, Policy, Role, Team, TeamHelper, UnitGuest
from saas_crm.access.reach import Person, RoleHeld, TeamNode, World
from tenants.db import AnyRow, fetch

_HELPS = (
    select(TeamHelper.team_id)
    .where(TeamHelper.member_id == Member.id, TeamHelper.deleted_at.is_(None))
    .correlate(Member)
    .scalar_subquery()
)
_GUESTS = (
    select(UnitGuest.member_id)
    .where(UnitGuest.team_id == Team.id, UnitGuest.deleted_at.is_(None))
    .correlate(Team)
    .scalar_subquery()
)
_PEOPLE = select(
    Member.id, Member.name, Member.role_id, Member.team_id, (Member.status == "active").label("active"),
    func.array(_HELPS).label("helps"),
).where(Member.deleted_at.is_(None))  # fmt: skip
_TEAMS = select(
    Team.id, Team.name, Team.path, Team.__table__.c.closed_at, Team.__table__.c.manager_id,
    func.array(_GUESTS).label("guests"),
).where(Team.deleted_at.is_(None))  # fmt: skip
_FOLLOW = select(Policy.children_follow).limit(1).scalar_subquery()
_ROLES = select(
    Role.id, Role.key, Role.name, Role.permissions, Role.deleted_at.is_(None).label("living"), _FOLLOW.label("follow")
)


def present_world() -> World:
    """Return everybody as they stand now; members who left are there too, for what they still own."""
    people, teams, roles = (fetch(query).all() for query in (_PEOPLE, _TEAMS, _ROLES))
    return World(
        people=_people(people, teams),
        roles={row.id: RoleHeld(row.id, row.key, row.name, row.permissions, row.living) for row in roles},
        teams={row.id: TeamNode(row.id, row.name, tuple(row.path), row.closed_at is not None) for row in teams},
        guests=frozenset((row.id, member_id) for row in teams for member_id in row.guests),
        follow=all(row.follow is not False for row in roles),
    )


def _people(people: Iterable[AnyRow], teams: Iterable[AnyRow]) -> dict[UUID, Person]:
    managed: dict[UUID, set[UUID]] = defaultdict(set)
    for team in teams:
        managed[team.manager_id].add(team.id)
    return {
        row.id: Person(
            row.id, row.name, row.role_id, row.team_id, frozenset(row.helps), frozenset(managed.get(row.id, ())),
            row.active,
        )
        for row in people
    }  # fmt: skip
