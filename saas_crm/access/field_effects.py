"""What another role, or another rule for a field, does to what members know of single fields, and may change of them.

Records are counted elsewhere (`reckoning`); here it is only asked which fields open or close to somebody who sees such
records before and after.
"""

from __future__ import annotations

from typing import NamedTuple

from saas_crm.access.field_rules import FIELDS, UNSEEN, rules_in, strictness
from saas_crm.access.reach import Person, RoleHeld, World
from saas_crm.access.role_rules import effective


class FieldChange(NamedTuple):
    """A field whose rule becomes another one for somebody; None is none: it is seen and may be edited."""

    key: str
    former: str | None
    rule: str | None

    @property
    def gained(self) -> bool:
        """Whether more of it is known, or may be changed."""
        return strictness(self.rule) < strictness(self.former)

    @property
    def lost(self) -> bool:
        """Whether less of it is known, or may be changed."""
        return not self.gained


class FieldEffects:
    """The same for all who have the same role before and the same after, so it is asked once."""

    def __init__(self, before: World, after: World) -> None:
        self._worlds = (before, after)
        self._known: dict[tuple[int, int], tuple[FieldChange, ...]] = {}

    def of(self, person: Person) -> tuple[FieldChange, ...]:
        """Return what changes for a member of both worlds, in the order of the fields."""
        roles = [world.roles[world.people[person.id].role_id] for world in self._worlds]
        key = (id(roles[0]), id(roles[1]))
        if key not in self._known:
            self._known[key] = () if roles[0] is roles[1] else _changes(*roles)
        return self._known[key]


def _changes(former: RoleHeld, present: RoleHeld) -> tuple[FieldChange, ...]:
    allowed = [effective(role.key, role.permissions) for role in (former, present)]
    before, after = (rules_in(permissions) for permissions in allowed)
    found = []
    for resource, fields in FIELDS.items():
        if any(f"{resource}:read" not in permissions for permissions in allowed):
            continue  # the records themselves come or go
        edits = all(f"{resource}:update" in permissions for permissions in allowed)
        for key in (f"{resource}.{field}" for field in fields):
            change = FieldChange(key, before.get(key), after.get(key))
            if change.former != change.rule and (edits or {change.former, change.rule} & UNSEEN):
                found.append(change)
    return tuple(found)
