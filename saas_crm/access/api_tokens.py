"""Bearer tokens of members' devices, and of programs that work in their name: made once, shown once, ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import column, func, insert, select, table, update

from saas_crm.access.models import ApiToken
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.roles import role_to_give
from saas_crm.access.tokens import new_token, token_hash
from saas_crm.access.visibility import owned_within
from saas_crm.core.audit import record_act
from saas_crm.core.clock import now
from saas_crm.core.errors import NotFound
from tenants.context import current_tenant
from tenants.db import db, new_id
from tenants.versions import lacks_tables


@dataclass(frozen=True, slots=True)
class TokenMay:
    """What a token is for ("device", "personal", "integration"), and to what it is narrowed."""

    kind: str = "personal"
    role_id: UUID | None = None
    read_only: bool = False


def issue_token(
    member: CurrentMember, name: str, *, expires_at: datetime | None = None, may: TokenMay | None = None,
    address: str | None = None,
) -> tuple[ApiToken, str]:  # fmt: skip
    """Make an API token; returns it and its text, shown only now. `address` is from where a device signed in.

    Who makes one has just proven who they are. Without `may` it is a member's device, which may do what they may.
    Raises Forbidden, and InvalidInput for a role that is not there or may do more than they. A workspace that is a
    release behind has no place for what it `may`, and the database refuses it: a token that was to do less must never
    do more.
    """
    member.require("token:create")
    text = new_token("crm_")
    values = {"member_id": member.id, "name": name, "token_hash": token_hash(text), "expires_at": expires_at}
    if may is None and lacks_tables(current_tenant()):
        return _token_by_columns(values), text
    token = ApiToken(**values, address=address, proved_at=now())
    if may is not None:
        if may.role_id is not None:
            role_to_give(may.role_id, member)
        token.kind, token.role_id, token.read_only = may.kind, may.role_id, may.read_only
    db.session.add(token)
    db.session.flush()
    return token, text


_FORMER_TOKENS = table(
    "api_tokens", *(column(name) for name in ("id", "member_id", "name", "token_hash", "expires_at"))
)


def _token_by_columns(values: dict[str, Any]) -> ApiToken:
    """Write a token without the columns that a workspace a release behind lacks."""
    token_id = new_id()
    db.session.execute(insert(_FORMER_TOKENS).values(id=token_id, **values))
    record_act(db.session(), "create", "token", token_id, {"name": [None, values["name"]]})
    return db.session.get_one(ApiToken, token_id)


def note_token_proof(token_id: UUID) -> None:
    """Note that the person of a token has just proven who they are; nobody's copy of the token is older by that."""
    proven = update(ApiToken).where(ApiToken.id == token_id)
    db.session.execute(proven.values(proved_at=now(), updated_at=ApiToken.updated_at))


def tokens_as(role_id: UUID) -> int:
    """Return how many tokens that still work may do no more than a role."""
    if lacks_tables(current_tenant()):
        return 0
    living = (ApiToken.revoked_at.is_(None), ApiToken.expires_at.is_(None) | (ApiToken.expires_at > now()))
    return db.session.scalar(select(func.count()).where(ApiToken.role_id == role_id, *living)) or 0


def revoke_token(token_id: UUID, *, actor: CurrentMember) -> None:
    """End a token within the actor's scope: their own, for an admin anybody's. Raises Forbidden and NotFound."""
    within = owned_within(ApiToken.member_id, actor, actor.require("token:delete"))
    token = db.session.scalar(select(ApiToken).where(ApiToken.id == token_id, ApiToken.revoked_at.is_(None), within))
    if token is None:
        raise NotFound
    token.revoked_at = now()
    db.session.flush()
