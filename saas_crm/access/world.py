"""Everybody with their roles, teams and units, as plain values: one statement for any number of members."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import Boolean, String, Uuid, cast, func, literal, null, select, union_all
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

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
_FOLLOW = select(Policy.children_follow).limit(1).scalar_subquery()
_NO_ID, _NO_IDS = cast(null(), Uuid), cast(null(), ARRAY(Uuid))
_NO_KEY, _NO_PERMISSIONS, _NO_FLAG = cast(null(), String), cast(null(), JSONB), cast(null(), Boolean)
_PEOPLE = select(
    literal("person", String).label("what"), Member.id, Member.name, (Member.status == "active").label("flag"),
    Member.role_id.label("role_id"), Member.team_id.label("team_id"),
    func.array(_HELPS, type_=ARRAY(Uuid)).label("ids"), _NO_IDS.label("guests"),
    _NO_KEY.label("key"), _NO_PERMISSIONS.label("permissions"), _NO_FLAG.label("follow"),
).where(Member.deleted_at.is_(None))  # fmt: skip
_TEAMS = select(
    literal("team", String), Team.id, Team.name, Team.__table__.c.closed_at.is_not(None), Team.__table__.c.manager_id,
    _NO_ID, Team.path, func.array(_GUESTS, type_=ARRAY(Uuid)), _NO_KEY, _NO_PERMISSIONS, _NO_FLAG,
).where(Team.deleted_at.is_(None))  # fmt: skip
_ROLES = select(
    literal("role", String), Role.id, Role.name, Role.deleted_at.is_(None), _NO_ID, _NO_ID, _NO_IDS, _NO_IDS,
    Role.key, Role.permissions, _FOLLOW,
)  # fmt: skip
_WORLD = union_all(_PEOPLE, _TEAMS, _ROLES)
"""A row for each person, team and role: a preview is one of several statements of a page, so these are one.

`flag` says active, closed or living; `role_id` of a team is who leads it, and `ids` are the teams somebody helps, or
the path of a team.
"""


def present_world() -> World:
    """Return everybody as they stand now; members who left are there too, for what they still own."""
    found: dict[str, list[AnyRow]] = defaultdict(list)
    for row in fetch(_WORLD):
        found[row.what].append(row)
    people, teams, roles = found["person"], found["team"], found["role"]
    return World(
        people=_people(people, teams),
        roles={row.id: RoleHeld(row.id, row.key, row.name, row.permissions, row.flag) for row in roles},
        teams={row.id: TeamNode(row.id, row.name, tuple(row.ids), row.flag) for row in teams},
        guests=frozenset((row.id, member_id) for row in teams for member_id in row.guests),
        follow=all(row.follow is not False for row in roles),
    )


def _people(people: Iterable[AnyRow], teams: Iterable[AnyRow]) -> dict[UUID, Person]:
    managed: dict[UUID, set[UUID]] = defaultdict(set)
    for team in teams:
        managed[team.role_id].add(team.id)
    return {
        row.id: Person(
            row.id, row.name, row.role_id, row.team_id, frozenset(row.ids), frozenset(managed.get(row.id, ())),
            row.flag,
        )
        for row in people
    }  # fmt: skip


def behind(team_id: UUID) -> frozenset[UUID]:
    """Return the active members from whom a closed team hides what its people own, so who may become a guest."""
    world = present_world()
    return frozenset(one.id for one in world.people.values() if one.active and team_id in world.walls(one))
