"""Which permissions a role may hold together, and what one may give to others: plain values in, plain answers out.

What needs what: changing, deleting, exporting and sharing reach no further than seeing does; making something needs
seeing at least one's own, or one is led to a page that is not there; who gives records away must be able to change
them; deals are shown in stages. A role that breaks this is refused with a word by the field, never widened silently:
seeing more is the one consequence nobody should get by accident.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from saas_crm.access.field_rules import KEYS, freed, rules_in
from saas_crm.access.permissions import BUILT_IN, PERMISSIONS, RESOURCES, SALES, SCOPES, Scope

OWNER = "owner"
EVERYTHING: Mapping[str, Scope] = dict.fromkeys(sorted(PERMISSIONS), "all")
REACHING = frozenset(
    f"{resource}:{action}"
    for resource, actions in {
        **dict.fromkeys(SALES, ("read", "update", "delete", "export", "assign", "share")),
        "token": ("read", "delete"), "hand_over": ("read", "create"), "audit": ("read", "export"),
    }.items()
    for action in actions
) & PERMISSIONS  # fmt: skip
"""Permissions whose scope means something; one has the others or has them not."""
SWITCHED_ON: Mapping[str, Scope] = {"token:create": "own", **{f"{resource}:create": "own" for resource in SALES}}
"""The scope under which a yes is stored, where it is not `all`."""


@dataclass(frozen=True, slots=True)
class Need:
    """A permission that another takes for granted; `as_wide`: reaching as far as that does."""

    permission: str
    as_wide: bool = False


@dataclass(frozen=True, slots=True)
class Lack:
    """A permission that a role may not hold so: `needed` has to reach at least to `at_least`."""

    permission: str
    needed: str
    at_least: Scope


def _needs() -> Iterator[tuple[str, Need]]:
    for resource, actions in RESOURCES.items():
        read = f"{resource}:read"
        for action in actions:
            permission = f"{resource}:{action}"
            if resource in SALES and action == "assign":
                yield permission, Need(f"{resource}:update")
            elif action != "read":
                yield permission, Need(read, as_wide=permission in REACHING and read in REACHING)
    yield "opportunity:read", Need("pipeline:read")


NEEDS: Mapping[str, Need] = dict(_needs())


def rank(scope: Scope | str | None) -> int:
    """Return how far a scope reaches: 0 is not at all."""
    return SCOPES.index(scope) + 1 if scope in SCOPES else 0


def lacks(permissions: Mapping[str, str]) -> list[Lack]:
    """Return what the permissions of a role take for granted and do not have."""
    found = []
    for permission in sorted(PERMISSIONS & permissions.keys()):
        need = NEEDS.get(permission)
        if need is None:
            continue
        at_least: Scope = SCOPES[rank(permissions[permission]) - 1] if need.as_wide else "own"
        if rank(permissions.get(need.permission)) < rank(at_least):
            wanted = at_least if need.permission in REACHING else "all"
            found.append(Lack(permission, need.permission, wanted))
    return found


def beyond(wanted: Mapping[str, str], former: Mapping[str, str], own: Mapping[str, str]) -> list[str]:
    """Return the permissions that would be given although the giver has them not, or not so far; and fields.

    What the role could do before it may keep, also where that is more than the giver can.
    """
    given = [
        permission
        for permission in sorted(PERMISSIONS & wanted.keys())
        if _wider(permission, wanted, former) and _wider(permission, wanted, own)
    ]
    widened = (permission for permission in PERMISSIONS & wanted.keys() if _wider(permission, wanted, former))
    return [*given, *freed(wanted, former, own, widened)]


def _wider(permission: str, one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    if permission not in REACHING and not permission.startswith(("member:", "team:")):
        return permission in one and permission not in other
    return rank(one.get(permission)) > rank(other.get(permission))


def effective(key: str | None, stored: Mapping[str, str]) -> Mapping[str, str]:
    """Return what a role allows: what is stored, but the owner's everything there is, also what came later."""
    return EVERYTHING if key == OWNER else stored


def merged(stored: Mapping[str, str], wanted: Mapping[str, str]) -> dict[str, str]:
    """Return what to store: the wanted permissions and rules for fields, and whatever else a role says."""
    others = {key: value for key, value in stored.items() if key not in PERMISSIONS and key not in KEYS}
    return {**others, **known(wanted), **rules_in(wanted)}


def known(stored: Mapping[str, str]) -> dict[str, str]:
    """Return the permissions of a role alone, in order, without what else it says."""
    return {key: stored[key] for key in sorted(PERMISSIONS & stored.keys())}


def switched(former: Mapping[str, str], permission: str) -> Scope | str:
    """Return the scope under which a yes is stored: as it was, or as the permission has it."""
    return former.get(permission) or SWITCHED_ON.get(permission, "all")


def as_it_came(key: str) -> dict[str, str]:
    """Return the permissions a built-in role has in a new workspace; raises KeyError."""
    return dict(BUILT_IN[key])
