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
    return member


def _common(own: Mapping[str, Scope], given: Mapping[str, str]) -> dict[str, Scope]:
    wide = {scope: SCOPES.index(scope) for scope in SCOPES}
    return {
        permission: SCOPES[min(wide[scope], SCOPES.index(said))]
        for permission, scope in own.items()
        for said in SCOPES
        if said == given.get(permission)
    }


def _stricter(own: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    return {key: max(own.get(key), given.get(key), key=strictness) or "hidden" for key in {*own, *given}}
