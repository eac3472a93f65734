"""The sums behind a preview: who reaches how many records before and after, from counts and plain values alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple
from uuid import UUID

from saas_crm.access.chains import LONGEST, Alike, Link, kinds, links
from saas_crm.access.reach import Person, World, covers_team
from saas_crm.access.visibility import SHARED

Action = Literal["read", "update", "delete", "assign", "share", "export"]
ACTIONS: tuple[Action, ...] = ("read", "update", "delete", "assign", "share", "export")
"""What is counted in records. All but the first two take the scope on the record itself: no share gives them."""
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

    def scope(self, resource: str, action: Action) -> str | None:
        """Return how far an action reaches on a kind of record, None if not at all."""
        return self.scopes[ACTIONS.index(action) * len(kinds()) + kinds().index(resource)]


class Way(NamedTuple):
    """One place along a record's links whose owner, or a share there, lets one reach it.

    `covered` are the slots that a scope covers there, None where no owner counts, but a share. `between` are the places
    that no wall may hide on the way: the record's own, and those of parents below this one. What is one's own or shared
    is seen through the wall of what hangs on it. `follow` is whether one reaches it so at all but by owning the parent.
    """

    at: int
    covered: frozenset[Slot] | None
    between: tuple[int, ...]
    follow: bool


class Ways(NamedTuple):
    """The ways to records of a kind, and the slots of owners whom closed units hide."""

    ways: tuple[Way, ...]
    hidden: frozenset[Slot]

    def reach(self, slots: tuple[Slot, ...], mine: frozenset[int], shared: frozenset[int]) -> bool:
        """Whether records are reached; `mine` are the places where one is the owner oneself."""
        for at, covered, between, follow in self.ways:
            if follow and covered is not None and slots[at] in covered and self._open(slots, between):
                return True
            given = (at in mine and covered is not None) or (follow and at in shared)
            if given and self._open(slots, between[:-1]):
                return True
        return False

    def _open(self, slots: tuple[Slot, ...], between: tuple[int, ...]) -> bool:
        return not between or not any(slots[place] in self.hidden for place in between)


class Side:
    """One of the two worlds, asked again and again for the same sights."""

    def __init__(self, world: World, at: int, slots: frozenset[Slot]) -> None:
        self.world, self._at, self._slots = world, at, slots
        self._links = {kind: links(kind) for kind in kinds()}
        self._covered: dict[tuple[Sight, str], frozenset[Slot]] = {}
        self._ways: dict[tuple[Sight, str, Action], Ways] = {}

    def sight(self, person: Person) -> Sight:
        """Return what somebody's sight depends on here."""
        scopes = tuple(self.world.scope(person, f"{kind}:{action}") for action in ACTIONS for kind in kinds())
        return Sight(person.teams, self.world.walls(person), scopes)

    def ways(self, sight: Sight, resource: str, action: Action) -> Ways:
        """Return how records of a kind are reached; not at all without the permission.

        Changing follows no parent, but for those that are shared so.
        """
        key = (sight, resource, action)
        if key not in self._ways:
            found = self._links[resource]
            ways = tuple(
                Way(at, self._covers_at(sight, link, action), _between(found, link), self._follows(link))
                for at, link in enumerate(found)
                if len(link.through) <= self._farthest(action)
                and all(sight.scope(kind, action) for kind in (resource, *link.held))
            )
            self._ways[key] = Ways(ways, self._hidden(sight) if ways else frozenset())
        return self._ways[key]

    def _farthest(self, action: Action) -> int:
        if action not in SHARED:
            return 0
        return LONGEST if action == "read" and self.world.follow else 1

    def _follows(self, link: Link) -> bool:
        return self.world.follow or not link.through

    def _covers_at(self, sight: Sight, link: Link, action: Action) -> frozenset[Slot] | None:
        if link.through and action != "read":
            return None
        return self._covers(sight, sight.scope(link.resource, action) or "")

    def _hidden(self, sight: Sight) -> frozenset[Slot]:
        if not sight.walls:
            return frozenset()
        seen = self._covers(sight, "all")
        return frozenset(slot for slot in self._slots if slot is not None and slot not in seen)

    def _covers(self, sight: Sight, scope: str) -> frozenset[Slot]:
        key = (sight, scope)
        if key not in self._covered:
            self._covered[key] = frozenset(
                slot
                for slot in self._slots
                if slot is not None and covers_team(self.world, sight.teams, sight.walls, scope, slot[self._at])
            )
        return self._covered[key]


def _between(found: tuple[Link, ...], end: Link) -> tuple[int, ...]:
    return tuple(at for at, link in enumerate(found) if link.stands_between(end))


class Reckoning:
    """Gains and losses of members when one world becomes another."""

    def __init__(self, before: World, after: World, counted: Sequence[Alike]) -> None:
        self._worlds = (before, after)
        self._classes: dict[str, Counter[tuple[Slot, ...]]] = defaultdict(Counter)
        self._firsts: dict[str, Counter[tuple[Slot, ...]]] = defaultdict(Counter)
        self._owned: dict[UUID, list[tuple[Alike, tuple[Slot, ...]]]] = defaultdict(list)
        self._shared: dict[UUID, list[tuple[Alike, tuple[Slot, ...]]]] = defaultdict(list)
        self._sums: dict[tuple[Sight, Sight], Sums] = {}
        for alike in counted:
            slots = tuple(None if owner is None else self._slot(owner) for owner in alike.owners)
            if alike.member_id is not None:
                self._shared[alike.member_id].append((alike, slots))
                continue
            self._classes[alike.resource][slots] += alike.number
            self._firsts[alike.resource][slots[:1]] += alike.number
            for owner_id in {owner for owner in alike.owners if owner is not None}:
                self._owned[owner_id].append((alike, slots))
        known = frozenset(slot for found in self._classes.values() for slots in found for slot in slots)
        self._sides = (Side(before, 0, known), Side(after, 1, known))

    def _slot(self, owner_id: UUID) -> tuple[UUID | None, UUID | None]:
        former, present = (world.people.get(owner_id) for world in self._worlds)
        return (former.team_id if former else None, present.team_id if present else None)

    def changes(self, member_id: UUID) -> tuple[Change, ...]:
        """Return what changes for a member of both worlds, by kind of record and by action."""
        before, after = (side.sight(side.world.people[member_id]) for side in self._sides)
        found = (self._change(member_id, kind, action, before, after) for action in ACTIONS for kind in kinds())
        return tuple(change for change in found if change.gained or change.lost)

    def _change(self, member_id: UUID, kind: str, action: Action, before: Sight, after: Sight) -> Change:
        both = (self._sides[0].ways(before, kind, action), self._sides[1].ways(after, kind, action))
        if both[0] == both[1]:  # then what is one's own does not change either
            return Change(kind, action, 0, 0)
        gained, lost = self._of_others(kind, action, before, after, both)
        for former, present, number in self._put_right(member_id, kind, action, both):
            gained += number * (_gained(present) - _gained(former))
            lost += number * (_lost(present) - _lost(former))
        return Change(kind, action, gained, lost)

    def _of_others(
        self, kind: str, action: Action, before: Sight, after: Sight, both: tuple[Ways, Ways]
    ) -> tuple[int, int]:
        """Return gains and losses by the owners' teams alone, as if nothing were one's own."""
        sums = self._sums.setdefault((before, after), {})
        if (kind, action) not in sums:
            gained = lost = 0
            for slots, number in (self._classes if action in SHARED else self._firsts)[kind].items():
                reached = _reached(both, slots)
                gained += number * _gained(reached)
                lost += number * _lost(reached)
            sums[kind, action] = (gained, lost)
        return sums[kind, action]

    def _put_right(
        self, member_id: UUID, kind: str, action: Action, both: tuple[Ways, Ways]
    ) -> Iterator[tuple[Both, Both, int]]:
        """Yield what was reckoned without what is one's own or shared with one, and how it is with that."""
        for alike, slots in self._owned.get(member_id, ()):
            if alike.resource == kind:
                yield _reached(both, slots), _reached(both, slots, _mine(alike, member_id)), alike.number
        for alike, slots in self._shared.get(member_id, ()) if action in SHARED else ():
            if alike.resource == kind:
                mine, given = _mine(alike, member_id), alike.shared if action == "read" else alike.edited
                yield _reached(both, slots, mine), _reached(both, slots, mine, given), alike.number


Both = tuple[bool, bool]
_NOWHERE: frozenset[int] = frozenset()


def _mine(alike: Alike, member_id: UUID) -> frozenset[int]:
    return frozenset(at for at, owner in enumerate(alike.owners) if owner == member_id)


def _reached(
    both: tuple[Ways, Ways],
    slots: tuple[Slot, ...],
    mine: frozenset[int] = _NOWHERE,
    shared: frozenset[int] = _NOWHERE,
) -> Both:
    """Return whether records are reached before and after; a share gives nothing that the role has not at all."""
    before, after = both
    return before.reach(slots, mine, shared), after.reach(slots, mine, shared)


def _gained(reached: Both) -> bool:
    return reached[1] and not reached[0]


def _lost(reached: Both) -> bool:
    return reached[0] and not reached[1]
