"""API tokens and members for programs: whichever columns they ask for, as plain rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from saas_crm.access.models import ApiToken, Member, Role
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.visibility import owned_within
from saas_crm.core.errors import NotFound
from saas_crm.core.keyset import CURSOR, Order, Page, choose, cursor_columns, cut, page
from tenants.db import AnyRow, AnySelect, fetch

TOKEN_ORDERS = {"-created_at": Order(ApiToken.created_at, descending=True), "created_at": Order(ApiToken.created_at)}
MEMBER_ORDERS = {"name": Order(Member.name), "-name": Order(Member.name, descending=True)}


def tokens(
    member: CurrentMember, *, columns: Sequence[Any], sort: str, after: Sequence[Any] | None, limit: int,
    member_id: UUID | None = None,
) -> Page[AnyRow]:  # fmt: skip
    """Return one page of the living tokens within the member's scope: their own, or for an admin everybody's."""
    _, order = choose(TOKEN_ORDERS, sort, "-created_at")
    query = _tokens(member, *columns, *cursor_columns(order, ApiToken.id))
    if member_id is not None:
        query = query.where(ApiToken.member_id == member_id)
    rows = fetch(page(query, order, ApiToken.id, after=after, limit=limit)).all()
    return cut(rows, limit, *CURSOR)


def token(token_id: UUID, member: CurrentMember, columns: Sequence[Any]) -> AnyRow:
    """Return one living token within the member's scope; raises NotFound."""
    return _one(_tokens(member, *columns).where(ApiToken.id == token_id))


def _tokens(member: CurrentMember, *columns: Any) -> AnySelect:
    scope = member.require("token:read")
    return select(*columns).where(ApiToken.revoked_at.is_(None), owned_within(ApiToken.member_id, member, scope))


def members(
    member: CurrentMember, *, columns: Sequence[Any], sort: str, after: Sequence[Any] | None, limit: int,
    status: str = "active", team_id: UUID | None = None,
) -> Page[AnyRow]:  # fmt: skip
    """Return one page of the workspace's members of one status; "" for all but removed ones."""
    member.require("member:read")
    _, order = choose(MEMBER_ORDERS, sort, "name")
    query = _members(*columns, *cursor_columns(order, Member.id))
    query = query.where(Member.status == status if status else Member.status != "removed")
    if team_id is not None:
        query = query.where(Member.team_id == team_id)
    rows = fetch(page(query, order, Member.id, after=after, limit=limit)).all()
    return cut(rows, limit, *CURSOR)


def member_record(member_id: UUID, member: CurrentMember, columns: Sequence[Any]) -> AnyRow:
    """Return one member, also one who has been removed, so that old records can name their owner."""
    member.require("member:read")
    return _one(_members(*columns).where(Member.id == member_id))


def _members(*columns: Any) -> AnySelect:
    return select(*columns).join(Role, Role.id == Member.role_id).where(Member.deleted_at.is_(None))


def _one(query: AnySelect) -> AnyRow:
    found = fetch(query).one_or_none()
    if found is None:
        raise NotFound
    return found
