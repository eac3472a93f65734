"""What a token may do: what its member may, within what its role may, and perhaps nothing but reading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from saas_crm.access.field_rules import rules_in, strictness
from saas_crm.access.permissions import SCOPES, CurrentMember, Scope


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """A token as it is found with its member; `role` is what its role says, None where it has none."""

    id: UUID
    created_at: datetime
    last_used_at: datetime | None
    kind: str = "device"
    read_only: bool = False
    role_name: str | None = None
    role: Mapping[str, str] | None = None
    proved_at: datetime | None = None


def narrowed(member: CurrentMember, token: TokenFacts) -> CurrentMember:
    """Return the member as a program with this token is: never more than themselves, today or later."""
    if token.role is not None:
        permissions = _common(member.permissions, token.role)
        fields = _stricter(member.fields, rules_in(token.role))
        # No longer an owner or admin to anything that asks for that: the token's role is none of these two.
        member = replace(member, permissions=permissions, fields=fields, role_key=None, role_name=token.role_name or "")
    if token.read_only:
        reading = {key: scope for key, scope in member.permissions.items() if key.endswith(":read")}
        member = replace(member, permissions=reading)
    return replace(member, narrowed=token.role is not None or token.read_only)


def _common(own: Mapping[str, Scope], given: Mapping[str, str]) -> dict[str, Scope]:
    said = {permission: scope for scope in SCOPES for permission, told in given.items() if told == scope}
    return {
        permission: min(scope, said[permission], key=SCOPES.index)
        for permission, scope in own.items()
        if permission in said
    }


def _stricter(own: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    found = {key: max(own.get(key), given.get(key), key=strictness) for key in {*own, *given}}
    return {key: rule for key, rule in found.items() if rule is not None}
