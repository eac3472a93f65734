"""What another role lets members do, or no longer do, beside what is counted in records: in permissions, as fields are.

Seeing, changing and taking out records is reckoned in numbers (`reckoning`); making some, and all that is administered,
has none.
"""

from __future__ import annotations

from typing import NamedTuple

from saas_crm.access.permissions import PERMISSIONS, RESOURCES, SALES
from saas_crm.access.reach import Person, RoleHeld, World
from saas_crm.access.reckoning import ACTIONS
from saas_crm.access.role_rules import REACHING, effective, rank

_COUNTED = frozenset(f"{kind}:{action}" for kind in SALES for action in ACTIONS)
RIGHTS = tuple(
    permission for resource, actions in RESOURCES.items() for permission in (f"{resource}:{one}" for one in actions)
    if permission in PERMISSIONS - _COUNTED
)  # fmt: skip
"""The permissions that are told in words, in the order a role shows them."""


class RightChange(NamedTuple):
    """A permission that reaches farther, or less far, than before; None is not at all."""

    permission: str
    former: str | None
    scope: str | None

    @property
    def gained(self) -> bool:
        """Whether more may be done."""
        return rank(self.scope) > rank(self.former)

    @property
    def lost(self) -> bool:
        """Whether less may be done."""
        return not self.gained


class RightEffects:
    """The same for all who have the same role before and the same after, so it is asked once."""

    def __init__(self, before: World, after: World) -> None:
        self._worlds = (before, after)
        self._known: dict[tuple[int, int], tuple[RightChange, ...]] = {}

    def of(self, person: Person) -> tuple[RightChange, ...]:
        """Return what changes for a member of both worlds."""
        roles = [world.roles[world.people[person.id].role_id] for world in self._worlds]
        key = (id(roles[0]), id(roles[1]))
        if key not in self._known:
            self._known[key] = () if roles[0] is roles[1] else _changes(*roles)
        return self._known[key]


def _changes(former: RoleHeld, present: RoleHeld) -> tuple[RightChange, ...]:
    before, after = (effective(role.key, role.permissions) for role in (former, present))
    found = (RightChange(right, before.get(right), after.get(right)) for right in RIGHTS)
    return tuple(change for change in found if _differs(change))


def _differs(change: RightChange) -> bool:
    """Whether it makes a difference: of what one has or has not, how far it reaches says nothing."""
    if change.permission not in REACHING:
        return (change.former is None) != (change.scope is None)
    return change.former != change.scope
