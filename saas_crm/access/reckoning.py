"""The sums behind a preview: who reaches how many records before and after, from counts and plain values alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple
from uuid import UUID

from saas_crm.access.chains import Alike, Link, kinds, links
from saas_crm.access.reach import Person, World, covers_team

Action = Literal["read", "update"]
ACTIONS: tuple[Action, ...] = ("read", "update")
Slot = tuple[UUID | None, UUID | None] | None
"""The team an owner is in before and after; None where a record has no such parent."""
Sums = dict[tuple[str, Action], tuple[int, int]]


class Change(NamedTuple):
    """How many records somebody would come to reach with an action, and how many no more."""

    resource: str
    action: Action
    gained: int
    lost: int


class Sight(NamedTuple):
    """All that somebody's sight of others' records depends on: who is equal here sees the same of them."""

    teams: frozenset[UUID]
    walls: frozenset[UUID]
    scopes: tuple[str | None, ...]


class Side:
    """One of the two worlds, asked again and again for the same sights."""

    def __init__(self, world: World, at: int) -> None:
        self.world, self._at = world, at
        self._ways = {kind: links(kind) if world.follow else links(kind)[:1] for kind in kinds()}
        self._covered: dict[tuple[Sight, str, UUID | None], bool] = {}

    def sight(self, person: Person) -> Sight:
        """Return what somebody's sight depends on here."""
        scopes = tuple(self.world.scope(person, f"{kind}:{action}") for action in ACTIONS for kind in kinds())
        return Sight(person.teams, self.world.walls(person), scopes)

    def holds(self, sight: Sight, resource: str, action: Action) -> bool:
        """Whether a sight has the permission at all."""
        return _scope(sight, resource, action) is not None

    def reaches(self, sight: Sight, alike: tuple[str, tuple[Slot, ...]], action: Action, mine: Sequence[bool]) -> bool:
        """Whether records are reached; `mine` tells which of the owners along their links one is oneself."""
        resource, slots = alike
        if not self.holds(sight, resource, action):
            return False
        ways = self._ways[resource] if action == "read" else self._ways[resource][:1]
        return any(
            slot is not None and self._by(link, sight, slot, action, own)
            for link, slot, own in zip(ways, slots, mine, strict=False)
        )

    def _by(self, link: Link, sight: Sight, slot: tuple[UUID | None, UUID | None], action: Action, own: bool) -> bool:
        if not all(self.holds(sight, kind, action) for kind in link.held):
            return False
        scope = _scope(sight, link.resource, action) or ""
        return own or self._covers(sight, scope, slot[self._at])

    def _covers(self, sight: Sight, scope: str, team_id: UUID | None) -> bool:
        key = (sight, scope, team_id)
        if key not in self._covered:
            self._covered[key] = covers_team(self.world, sight.teams, sight.walls, scope, team_id)
        return self._covered[key]


def _scope(sight: Sight, resource: str, action: Action) -> str | None:
    return sight.scopes[ACTIONS.index(action) * len(kinds()) + kinds().index(resource)]


class Reckoning:
    """Gains and losses of members when one world becomes another."""

    def __init__(self, before: World, after: World, counted: Sequence[Alike]) -> None:
        self._before, self._after = Side(before, 0), Side(after, 1)
        self._classes: Counter[tuple[str, tuple[Slot, ...]]] = Counter()
        self._owned: Mapping[UUID, list[Alike]] = defaultdict(list)
        self._shared: Mapping[UUID, list[Alike]] = defaultdict(list)
        self._sums: dict[tuple[Sight, Sight], Sums] = {}
        for alike in counted:
            if alike.member_id is not None:
                self._shared[alike.member_id].append(alike)
                continue
            self._classes[self._slots(alike)] += alike.number
            for owner_id in {owner for owner in alike.owners if owner is not None}:
                self._owned[owner_id].append(alike)
        self._moves = before.teams != after.teams or any(
            slot is not None and slot[0] != slot[1] for _resource, slots in self._classes for slot in slots
        )

    def changes(self, member_id: UUID) -> tuple[Change, ...]:
        """Return what changes for a member of both worlds, by kind of record and by action."""
        before, after = (side.sight(side.world.people[member_id]) for side in (self._before, self._after))
        if before == after and not self._moves:  # a team that moves takes what its members own with it
            return ()
        sums = Counter[tuple[str, Action, int]]()
        for (resource, action), both in self._of_others(before, after).items():
            sums[resource, action, 0], sums[resource, action, 1] = both
        for resource, action, former, present, number in self._put_right(member_id, before, after):
            sums[resource, action, 0] += number * (_gained(*present) - _gained(*former))
            sums[resource, action, 1] += number * (_lost(*present) - _lost(*former))
        found = (Change(kind, action, sums[kind, action, 0], sums[kind, action, 1])
                 for action in ACTIONS for kind in kinds())  # fmt: skip
        return tuple(change for change in found if change.gained or change.lost)

    def _of_others(self, before: Sight, after: Sight) -> Sums:
        """Return gains and losses by the owners' teams alone, as if nothing were one's own."""
        if (before, after) not in self._sums:
            self._sums[before, after] = self._summed(before, after)
        return self._sums[before, after]

    def _summed(self, before: Sight, after: Sight) -> Sums:
        sums: Sums = {(kind, action): (0, 0) for kind in kinds() for action in ACTIONS}
        for alike, number in self._classes.items():
            for action in ACTIONS:
                both = self._both(alike, action, before, after, _NOT_MINE)
                if both[0] != both[1]:
                    gained, lost = sums[alike[0], action]
                    sums[alike[0], action] = (gained + number * _gained(*both), lost + number * _lost(*both))
        return sums

    def _put_right(
        self, member_id: UUID, before: Sight, after: Sight
    ) -> Iterator[tuple[str, Action, tuple[bool, bool], tuple[bool, bool], int]]:
        """Yield what was reckoned without what is one's own or shared with one, and how it is with that."""
        for alike in self._owned.get(member_id, ()):
            mine = tuple(owner == member_id for owner in alike.owners)
            for action in ACTIONS:
                key = self._slots(alike)
                former = self._both(key, action, before, after, _NOT_MINE)
                yield alike.resource, action, former, self._both(key, action, before, after, mine), alike.number
        for alike in self._shared.get(member_id, ()):
            mine = tuple(owner == member_id for owner in alike.owners)
            for action in ACTIONS:
                former = self._both(self._slots(alike), action, before, after, mine)
                held = [side.holds(sight, alike.resource, action) for side, sight in self._sides(before, after)]
                present = (former[0] or held[0], former[1] or held[1])
                yield alike.resource, action, former, present, alike.number if action == "read" else alike.edited

    def _both(
        self, alike: tuple[str, tuple[Slot, ...]], action: Action, before: Sight, after: Sight, mine: Sequence[bool]
    ) -> tuple[bool, bool]:
        return self._before.reaches(before, alike, action, mine), self._after.reaches(after, alike, action, mine)

    def _sides(self, before: Sight, after: Sight) -> tuple[tuple[Side, Sight], tuple[Side, Sight]]:
        return (self._before, before), (self._after, after)

    def _slots(self, alike: Alike) -> tuple[str, tuple[Slot, ...]]:
        return alike.resource, tuple(None if owner is None else self._slot(owner) for owner in alike.owners)

    def _slot(self, owner_id: UUID) -> tuple[UUID | None, UUID | None]:
        former, present = (side.world.people.get(owner_id) for side in (self._before, self._after))
        return (former.team_id if former else None, present.team_id if present else None)


_NOT_MINE = (False,) * 8


def _gained(before: bool, after: bool) -> bool:
    return after and not before


def _lost(before: bool, after: bool) -> bool:
    return before and not after
