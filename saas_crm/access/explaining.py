"""Why somebody sees a record, or does not: the same as `visible()` decides, told from plain values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple
from uuid import UUID

from sqlalchemy import select

from saas_crm.access.chains import Seen, ways_to
from saas_crm.access.models import Share
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.reach import REACHED, Person, Reason, Refusal, World, behind_wall, reason
from saas_crm.access.visibility import parent_model, visible
from saas_crm.access.world import present_world
from saas_crm.core.errors import NotFound
from tenants.db import fetch

Level = Literal["read", "edit"]
Why = Reason | Refusal | Literal["shared"]
Shares = Mapping[tuple[UUID, UUID], Level]
"""(record, member) → what the member may do with it by a share."""


class Ground(NamedTuple):
    """One reason why somebody sees a record, or why not.

    It is of the record itself or, where `through` names a kind, of the parent by which it is seen; `owner_id` is whose
    that is. `level` says what a share allows, "" where it is none.
    """

    why: Why
    through: str = ""
    owner_id: UUID | None = None
    level: Level | Literal[""] = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a member sees and may edit a record, and why: all reasons, those of the record itself first.

    Of who does not see it, the only one tells what the record itself lacks.
    """

    member_id: UUID
    sees: bool
    edits: bool
    grounds: tuple[Ground, ...]

    @property
    def why(self) -> Why:
        """The first reason."""
        return self.grounds[0].why


@dataclass(frozen=True, slots=True)
class Explained:
    """Who sees one record: its name and owner, everybody as they stand, and a verdict for each."""

    label: str
    ways: tuple[Seen, ...]
    world: World
    verdicts: tuple[Verdict, ...]


def explain(world: World, ways: Sequence[Seen], shares: Shares, person: Person) -> Verdict:
    """Return whether somebody sees a record, by whichever of the ways to it, and why: a pure function."""
    first, *_more = _whys(world, ways[0], shares, person)
    found = [] if first in ("inactive", "no_permission") else list(_grounds(world, ways, shares, person))
    if not found:
        return Verdict(person.id, False, False, (Ground(first, "", ways[0].owner_id),))
    each = {
        (ground.why, ground.level): ground for ground in reversed(found)
    }  # what holds for itself is told of no parent
    grounds = tuple(ground for ground in found if each[ground.why, ground.level] is ground)
    return Verdict(person.id, True, _edits(world, ways, shares, person), grounds)


_SEEN = REACHED | {"shared"}


def _grounds(world: World, ways: Sequence[Seen], shares: Shares, person: Person) -> Iterator[Ground]:
    resource = ways[0].link.resource
    for at, way in enumerate(ways):
        for found in _whys(world, way, shares, person):
            if found in _SEEN and (at == 0 or _leads(world, ways, way, found, person)):
                level = shares[way.record_id, person.id] if found == "shared" else ""
                yield Ground(found, _nearest(way, resource) if at else "", way.owner_id, level)


def _leads(world: World, ways: Sequence[Seen], end: Seen, why: Why, person: Person) -> bool:
    """Whether children follow and no closed unit hides what lies on the way.

    What one owns, or is shared with one, shows what hangs on it through any; and what one owns, whether children follow
    or not.
    """
    if not world.follow and (why != "own" or len(end.link.through) > 1):
        return False
    between = [way for way in ways if way.link.stands_between(end.link)]
    hidden = between[:-1] if why in ("own", "shared") else between
    return not any(behind_wall(world, person, way.owner_id) for way in hidden)


def _nearest(way: Seen, resource: str) -> str:
    """Return the parent that the record itself hangs on, where it is seen through a parent of that."""
    further = [kind for kind in way.link.held if kind != resource]
    return further[0]


def _whys(world: World, way: Seen, shares: Shares, person: Person) -> tuple[Why, ...]:
    """Return why somebody sees the record of one way, by its owner and by a share, or why not."""
    if not all(world.scope(person, f"{kind}:read") for kind in way.link.held):
        return ("no_permission",)
    found = reason(world, person, f"{way.link.resource}:read", way.owner_id)
    shared = person.active and (way.record_id, person.id) in shares
    if not shared:
        return (found,)
    return (found, "shared") if found in REACHED else ("shared",)


def _edits(world: World, ways: Sequence[Seen], shares: Shares, person: Person) -> bool:
    """Whether somebody may change it: by its own owner, or by a share of it or of what it hangs on itself."""
    itself = ways[0]
    permission = f"{itself.link.resource}:update"
    if reason(world, person, permission, itself.owner_id) in REACHED:
        return True
    if not person.active or world.scope(person, permission) is None:
        return False
    near = [way for way in ways if len(way.link.through) <= (1 if world.follow else 0)]
    return any(
        shares.get((way.record_id, person.id)) == "edit" and world.scope(person, f"{way.link.resource}:update")
        for way in near
    )


def explained(resource: str, record_id: UUID, *, asker: CurrentMember) -> Explained:
    """Return who sees a record that the asker sees themselves; raises NotFound.

    Active members only, those who see it first, then by name.
    """
    model = parent_model(resource)
    label = model.subject if resource == "activity" else model.name
    query = select(label).where(model.id == record_id, model.deleted_at.is_(None), visible(model, asker))
    row = fetch(query).one_or_none()
    ways = ways_to(resource, record_id) if row is not None else []
    if row is None or not ways:
        raise NotFound
    world, shares = present_world(), _shares([way.record_id for way in ways])
    found = [explain(world, ways, shares, person) for person in world.people.values() if person.active]
    found.sort(key=lambda verdict: (not verdict.sees, world.people[verdict.member_id].name, verdict.member_id))
    return Explained(row[0], tuple(ways), world, tuple(found))


def _shares(record_ids: Sequence[UUID]) -> Shares:
    query = select(Share.record_id, Share.member_id, Share.level).where(
        Share.record_id.in_(list(record_ids)), Share.deleted_at.is_(None)
    )
    return {(row.record_id, row.member_id): row.level for row in fetch(query)}
