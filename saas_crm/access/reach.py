"""Who reaches whose records, said from plain values: for the preview of a change, and for explaining what is.

`visibility.visible()` decides in SQL; this says the same of values at hand, so that it can also be asked of what is
not so yet, and can tell why. A test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal
from uuid import UUID

from saas_crm.access.role_rules import effective

Reason = Literal["own", "team", "helper", "manager", "below", "all", "guest"]
Refusal = Literal["inactive", "no_permission", "only_own", "other_team", "not_below", "closed", "nobodys"]
NOBODY = UUID(int=0)
"""Stands for the owner of a record that has none."""


@dataclass(frozen=True, slots=True)
class Person:
    """A member: the team they are in, and those they help or manage besides."""

    id: UUID
    name: str
    role_id: UUID
    team_id: UUID | None
    helps: frozenset[UUID] = frozenset()
    manages: frozenset[UUID] = frozenset()
    active: bool = True

    @property
    def teams(self) -> frozenset[UUID]:
        """The teams they work for."""
        own = frozenset() if self.team_id is None else frozenset({self.team_id})
        return own | self.helps | self.manages


@dataclass(frozen=True, slots=True)
class TeamNode:
    """A team: its ancestors and itself, root first, and whether its branch is closed to others."""

    id: UUID
    name: str
    path: tuple[UUID, ...]
    closed: bool = False


@dataclass(frozen=True, slots=True)
class RoleHeld:
    """A role: which built-in one it is, if any, and what it allows."""

    id: UUID
    key: str | None
    name: str
    permissions: Mapping[str, str]
    living: bool = True


@dataclass(frozen=True, slots=True)
class World:
    """All that decides who reaches whose records, as it is or as it would be."""

    people: Mapping[UUID, Person]
    roles: Mapping[UUID, RoleHeld]
    teams: Mapping[UUID, TeamNode]
    guests: frozenset[tuple[UUID, UUID]] = frozenset()
    follow: bool = True
    closed: frozenset[UUID] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "closed", frozenset(team.id for team in self.teams.values() if team.closed))

    def scope(self, person: Person, permission: str) -> str | None:
        """Return how far a permission reaches for somebody; the owner's role has them all."""
        role = self.roles[person.role_id]
        return effective(role.key, role.permissions).get(permission)

    def path(self, team_id: UUID | None) -> tuple[UUID, ...]:
        """Return a team's ancestors and itself; nothing for no team."""
        team = self.teams.get(team_id) if team_id is not None else None
        return team.path if team is not None else ()

    def walls(self, person: Person, *, guests: bool = True) -> frozenset[UUID]:
        """Return the closed units whose records are hidden from somebody: outside, not above, and no guest."""
        if not self.closed or self.roles[person.role_id].key == "owner":
            return frozenset()
        inside = {unit for team in person.teams for unit in self.path(team)}
        return frozenset(
            unit
            for unit in self.closed
            if unit not in inside
            and not person.teams.intersection(self.path(unit))
            and not (guests and (unit, person.id) in self.guests)
        )


def covers_team(world: World, teams: frozenset[UUID], walls: frozenset[UUID], scope: str, team_id: UUID | None) -> bool:
    """Whether a scope covers what the members of a team own, themselves left aside; None is no team, or no owner."""
    path = world.path(team_id)
    if walls and walls.intersection(path):
        return False
    if scope == "team":
        return team_id in teams
    return scope == "all" or (scope == "subtree" and not teams.isdisjoint(path))


def behind_wall(world: World, person: Person, owner_id: UUID) -> bool:
    """Whether a closed unit hides from somebody what an owner has."""
    owner = world.people.get(owner_id)
    if owner is None or owner.id == person.id:
        return False
    return not covers_team(world, person.teams, world.walls(person), "all", owner.team_id)


def reason(world: World, person: Person, permission: str, owner_id: UUID) -> Reason | Refusal:
    """Return why somebody reaches the records of an owner with a permission, or why not."""
    scope = world.scope(person, permission)
    if scope is None or not person.active:
        return "no_permission" if person.active else "inactive"
    if owner_id == person.id:
        return "own"
    owner = world.people.get(owner_id)
    return _by_team(world, person, scope, owner.team_id) if owner else _of_nobody(scope)


def _of_nobody(scope: str) -> Reason | Refusal:
    return "all" if scope == "all" else "nobodys"


def _by_team(world: World, person: Person, scope: str, team_id: UUID | None) -> Reason | Refusal:
    """Return whether a scope covers what others in a team own, and what stands in the way or lets one through."""
    if not covers_team(world, person.teams, frozenset(), scope, team_id):
        missed: dict[str, Refusal] = {"own": "only_own", "team": "other_team"}
        return missed.get(scope, "not_below")
    if not covers_team(world, person.teams, world.walls(person), scope, team_id):
        return "closed"
    if not covers_team(world, person.teams, world.walls(person, guests=False), scope, team_id):
        return "guest"
    return "all" if scope == "all" else _by_work(person, team_id)


def _by_work(person: Person, team_id: UUID | None) -> Reason:
    if team_id == person.team_id:
        return "team"
    if team_id in person.helps:
        return "helper"
    return "manager" if team_id in person.manages else "below"


REACHED: frozenset[str] = frozenset({"own", "team", "helper", "manager", "below", "all", "guest"})


def with_role(world: World, role_id: UUID, permissions: Mapping[str, str]) -> World:
    """Return the world in which a role allows something else."""
    return replace(world, roles={**world.roles, role_id: replace(world.roles[role_id], permissions=permissions)})


def with_members(
    world: World, member_ids: frozenset[UUID], *, role_id: UUID | None = None, team_id: UUID | None = None
) -> World:
    """Return the world in which members have another role, or another team; None leaves it."""
    people = dict(world.people)
    for member_id in member_ids & people.keys():
        found = people[member_id]
        people[member_id] = replace(found, role_id=role_id or found.role_id, team_id=team_id or found.team_id)
    return replace(world, people=people)


def with_team_moved(world: World, team_id: UUID, new_parent_id: UUID | None) -> World:
    """Return the world in which a team stands, with all below it, under another one, or at the top."""
    former = world.path(team_id)
    above = world.path(new_parent_id)
    teams = {
        team.id: replace(team, path=above + team.path[len(former) - 1 :]) if team_id in team.path else team
        for team in world.teams.values()
    }
    return replace(world, teams=teams)


def with_team_deleted(world: World, team_id: UUID) -> World:
    """Return the world without a team: its people and the teams below it stand one level higher, if there is one."""
    path = world.path(team_id)
    above = path[-2] if len(path) > 1 else None
    people = {
        person.id: replace(
            person, team_id=above if person.team_id == team_id else person.team_id,
            helps=person.helps - {team_id}, manages=person.manages - {team_id},
        ) if team_id in person.teams else person
        for person in world.people.values()
    }  # fmt: skip
    teams = {
        team.id: replace(team, path=tuple(step for step in team.path if step != team_id))
        for team in world.teams.values() if team.id != team_id
    }  # fmt: skip
    guests = frozenset(guest for guest in world.guests if guest[0] != team_id)
    return replace(world, people=people, teams=teams, guests=guests)


def with_follow(world: World, follow: bool) -> World:
    """Return the world in which children follow their customer, or do not."""
    return replace(world, follow=follow)


def with_leader(world: World, team_id: UUID, manager_id: UUID | None) -> World:
    """Return the world in which somebody, or nobody, leads a team."""
    people = dict(world.people)
    for person in world.people.values():
        if person.id == manager_id:
            people[person.id] = replace(person, manages=person.manages | {team_id})
        elif team_id in person.manages:
            people[person.id] = replace(person, manages=person.manages - {team_id})
    return replace(world, people=people)


def with_help(world: World, team_id: UUID, member_id: UUID, *, helping: bool = True) -> World:
    """Return the world in which a member helps a team, or no longer does."""
    found = world.people.get(member_id)
    if found is None:
        return world
    helps = found.helps | {team_id} if helping else found.helps - {team_id}
    return replace(world, people={**world.people, member_id: replace(found, helps=helps)})


def with_guest(world: World, team_id: UUID, member_id: UUID, *, welcome: bool = True) -> World:
    """Return the world in which a member is a guest of a unit, or no longer is."""
    guest = {(team_id, member_id)}
    return replace(world, guests=world.guests | guest if welcome else world.guests - guest)


def with_team_closed(world: World, team_id: UUID, closed: bool) -> World:
    """Return the world in which a team is closed to the others, or open."""
    found = world.teams.get(team_id)
    return world if found is None else replace(world, teams={**world.teams, team_id: replace(found, closed=closed)})
