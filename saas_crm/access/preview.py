"""Who would gain and who would lose how many records, which fields and rights, by a change, before it is made.

Records are counted once, by their owners (`chains.alike`); everything else is reckoned from plain values. A member's
sight of others' records depends only on the owners' teams, so it is reckoned once for all who reach the same teams;
what is one's own is put right afterwards.

For pages: `preview_of_role`, `preview_of_team_move`, `preview_of_change`, `preview_of_member_change`; the template that
shows the answer is `settings/_preview.html`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from saas_crm.access.chains import Alike, alike, kinds, links
from saas_crm.access.field_effects import FieldChange, FieldEffects
from saas_crm.access.reach import Person, RoleHeld, World, with_members, with_role, with_team_moved
from saas_crm.access.reckoning import ACTIONS, Action, Change, Reckoning
from saas_crm.access.right_effects import RightChange, RightEffects
from saas_crm.access.world import present_world
from saas_crm.core.errors import NotFound


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change does to one member; only what changes is named."""

    member_id: UUID
    name: str
    changes: tuple[Change, ...]
    fields: tuple[FieldChange, ...] = ()
    rights: tuple[RightChange, ...] = ()

    @property
    def gained(self) -> int:
        """How many records they would come to see."""
        return sum(change.gained for change in self.changes if change.action == "read")

    @property
    def lost(self) -> int:
        """How many records they would no longer see."""
        return sum(change.lost for change in self.changes if change.action == "read")


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change does to everybody it touches, who loses most first."""

    effects: tuple[Effect, ...]

    def __bool__(self) -> bool:
        return bool(self.effects)

    @property
    def gaining(self) -> int:
        """How many members would gain something."""
        return sum(any(change.gained for change in _all(effect)) for effect in self.effects)

    @property
    def losing(self) -> int:
        """How many members would lose something."""
        return sum(any(change.lost for change in _all(effect)) for effect in self.effects)


def _all(effect: Effect) -> Iterator[Change | FieldChange | RightChange]:
    yield from effect.changes
    yield from effect.fields
    yield from effect.rights


def preview_of_role(role_id: UUID, permissions: Mapping[str, str], *, world: World | None = None) -> Preview:
    """Return what it does if a role allows this; raises NotFound. `world` is the present one, if it is at hand."""
    world = world or present_world()
    role_in(world, role_id)
    return preview(world, with_role(world, role_id, permissions))


def role_in(world: World, role_id: UUID) -> RoleHeld:
    """Return a role that is not deleted; raises NotFound."""
    found = world.roles.get(role_id)
    if found is None or not found.living:
        raise NotFound
    return found


def preview_of_team_move(team_id: UUID, new_parent_id: UUID | None) -> Preview:
    """Return what it does if a team stands under another one (None: at the top); raises NotFound.

    Whether it may stand there, not below itself, is for the caller to check before.
    """
    world = present_world()
    if team_id not in world.teams or (new_parent_id is not None and new_parent_id not in world.teams):
        raise NotFound
    return preview(world, with_team_moved(world, team_id, new_parent_id))


def preview_of_change(change: Callable[[World], World]) -> Preview:
    """Return what it does if the world becomes another, as by one of `reach.with_…`: a team is closed or deleted."""
    world = present_world()
    return preview(world, change(world))


def preview_of_member_change(
    member_ids: Iterable[UUID], *, role_id: UUID | None = None, team_id: UUID | None = None
) -> Preview:
    """Return what it does if members get another role, or another team; raises NotFound for an unknown one."""
    world, members = present_world(), frozenset(member_ids)
    if not members <= world.people.keys() or (team_id is not None and team_id not in world.teams):
        raise NotFound
    if role_id is not None:
        role_in(world, role_id)
    return preview(world, with_members(world, members, role_id=role_id, team_id=team_id))


def preview(before: World, after: World) -> Preview:
    """Return what it does if the world becomes another; asks the database for counts only where reach differs."""
    fields, rights = FieldEffects(before, after), RightEffects(before, after)
    touched = [
        person for person in after.people.values()
        if person.active and (_differs(before, after, person) or fields.of(person) or rights.of(person))
    ]  # fmt: skip
    counted = alike(_kinds_touched(before, after)) if touched else []
    return reckoned(before, after, touched, counted)


def _differs(before: World, after: World, person: Person) -> bool:
    if _others_seen(before, after):
        return True
    return any(_scopes(before, person, action) != _scopes(after, person, action) for action in ACTIONS)


def _others_seen(before: World, after: World) -> bool:
    """Whether teams, people or sharing changed, and with them whose records anybody sees, whatever their role."""
    return (
        before.teams != after.teams or before.people != after.people or before.guests != after.guests
        or before.follow != after.follow
    )  # fmt: skip


def _kinds_touched(before: World, after: World) -> tuple[str, ...]:
    """Return the kinds of records of which somebody may come to reach others."""
    if _others_seen(before, after):
        return kinds()
    changed = {
        kind
        for role_id, role in after.roles.items()
        for kind in kinds()
        for action in ACTIONS
        if role.permissions.get(f"{kind}:{action}") != before.roles[role_id].permissions.get(f"{kind}:{action}")
    }
    return tuple(kind for kind in kinds() if changed.intersection(way.resource for way in links(kind)))


def _scopes(world: World, person: Person, action: Action) -> tuple[str | None, ...]:
    return tuple(world.scope(person, f"{kind}:{action}") for kind in kinds())


def reckoned(before: World, after: World, members: Sequence[Person], counted: Sequence[Alike]) -> Preview:
    """Return the same from counts at hand: a pure function."""
    reckoning = Reckoning(before, after, counted)
    fields, rights = FieldEffects(before, after), RightEffects(before, after)
    effects = [
        Effect(person.id, person.name, reckoning.changes(person.id), fields.of(person), rights.of(person))
        for person in members
    ]
    found = (effect for effect in effects if effect.changes or effect.fields or effect.rights)
    return Preview(tuple(sorted(found, key=_most_lost_first)))


def _most_lost_first(effect: Effect) -> tuple[int, int, int, str, UUID]:
    closed = sum(change.lost for change in effect.fields) + sum(change.lost for change in effect.rights)
    return -effect.lost, -closed, -effect.gained, effect.name, effect.member_id
