"""`resource:action` with a scope, the built-in roles, and what a member may do: pure values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from saas_crm.access.entry_rules import EntryRules
from saas_crm.access.ways import Ways
from saas_crm.core.errors import Forbidden

Scope = Literal["own", "team", "subtree", "all"]
SCOPES: tuple[Scope, ...] = ("own", "team", "subtree", "all")

RESOURCES: Mapping[str, tuple[str, ...]] = {
    "company": ("read", "create", "update", "delete", "export", "assign", "share"),
    "contact": ("read", "create", "update", "delete", "export", "assign", "share"),
    "activity": ("read", "create", "update", "delete", "export", "assign"),
    "opportunity": ("read", "create", "update", "delete", "export", "assign", "share"),
    "pipeline": ("read", "create", "update", "delete"),
    "member": ("read", "create", "update", "delete", "view_as"),
    "role": ("read", "create", "update", "delete"),
    "team": ("read", "create", "update", "delete"),
    "workspace": ("read", "update"),
    "token": ("read", "create", "delete"),
    "hand_over": ("read", "create"),
    "audit": ("read", "export"),
    "privacy": ("read", "update", "export", "delete"),
    "billing": ("read", "update"),
}
PERMISSIONS = frozenset(f"{resource}:{action}" for resource, actions in RESOURCES.items() for action in actions)
SALES = ("company", "contact", "activity", "opportunity")


def _everything(scope: Scope) -> dict[str, Scope]:
    return dict.fromkeys(sorted(PERMISSIONS), scope)


def _over(resources: tuple[str, ...], actions: str, scope: Scope) -> dict[str, Scope]:
    return {f"{r}:{a}": scope for r in resources for a in actions.split() if f"{r}:{a}" in PERMISSIONS}


_COMMON: dict[str, Scope] = {
    "pipeline:read": "all", "member:read": "all", "role:read": "all", "team:read": "all",
    "workspace:read": "all", "token:read": "own", "token:create": "own", "token:delete": "own",
}  # fmt: skip

BUILT_IN: Mapping[str, Mapping[str, Scope]] = {
    "owner": _everything("all"),
    # What the company pays is told to nobody by the way: owners give it to whom they like.
    "admin": {name: scope for name, scope in _everything("all").items() if not name.startswith("billing:")},
    "manager": {
        **_COMMON,
        **_over(SALES, "read create update delete export assign share", "subtree"),
        **_over(("hand_over",), "read create", "subtree"),
        "audit:read": "subtree",
        "privacy:read": "all",
    },
    "rep": {
        **_COMMON,
        **_over(SALES, "read", "team"),
        **_over(SALES, "create update delete share", "own"),
        "privacy:read": "all",
    },
    "viewer": {**_COMMON, **_over(SALES, "read", "all")},
}


@dataclass(frozen=True, slots=True)
class CurrentMember:
    """The member who acts: a plain value, safe to keep after a rollback.

    `teams` are their own, those they help and those they manage: scopes reach from each of them. `walls` are the
    closed units that hide from them what is owned inside. `shares` says whether anything is shared with them, and
    `children_follow` whether, in this workspace, who sees a customer sees what hangs on it. `fields` are the rules of
    their role for single fields ("contact.phone" → "masked"). `second_factor_due` is from when on the workspace lets
    them in with two-factor sign-in only, None where they have it or nobody asks;
    `entry` is what it asks of sign-ins besides, `ways` how it does things.
    """

    id: UUID
    user_id: UUID
    name: str
    email: str
    role_key: str | None
    role_name: str
    locale: str
    timezone: str
    status: str = "active"
    team_id: UUID | None = None
    photo_digest: str | None = None
    permissions: Mapping[str, Scope] = field(default_factory=dict)
    teams: tuple[UUID, ...] = ()
    walls: tuple[UUID, ...] = ()
    shares: bool = False
    children_follow: bool = True
    fields: Mapping[str, str] = field(default_factory=dict)
    second_factor_due: datetime | None = None
    entry: EntryRules = field(default_factory=EntryRules)
    workspace_standing: str | None = None
    accent: str | None = None
    logo: str | None = None
    ways: Ways = field(default_factory=Ways)
    seated: bool = True
    """Whether they have one of the plan's seats: who has none reads what they might read, and changes nothing."""
    narrowed: bool = False
    """Whether it is a program that may do less than the member: it does not change the member themselves."""

    def scope(self, permission: str) -> Scope | None:
        """Return how far a permission reaches for this member, or None if they lack it."""
        return self.permissions.get(permission)

    def can(self, permission: str) -> bool:
        """Whether the member has the permission at all, on at least their own records."""
        return permission in self.permissions

    def require(self, permission: str) -> Scope:
        """Return the permission's scope; raises Forbidden when the member lacks it."""
        scope = self.permissions.get(permission)
        if scope is None:
            raise Forbidden(permission)
        return scope


def widest(first: Scope, second: Scope) -> Scope:
    """Return the scope that reaches further."""
    return max(first, second, key=SCOPES.index)
