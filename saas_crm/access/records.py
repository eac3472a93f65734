"""API tokens, members, teams and invitations for programs: whichever columns they ask for, as plain rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import literal, select

from saas_crm.access.models import ApiToken, Invitation, Member, Role, Team
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.visibility import owned_within
from saas_crm.core.errors import NotFound
from saas_crm.core.keyset import CURSOR, Order, Page, choose, cursor_columns, cut, page
from tenants.context import current_tenant
from tenants.db import AnyRow, AnySelect, fetch
from tenants.versions import lacks_tables

TOKEN_ORDERS = {"-created_at": Order(ApiToken.created_at, descending=True), "created_at": Order(ApiToken.created_at)}
TEAM_ORDERS = {"name": Order(Team.name), "-name": Order(Team.name, descending=True)}
INVITATION_ORDERS = {
    "-created_at": Order(Invitation.created_at, descending=True), "created_at": Order(Invitation.created_at)
}  # fmt: skip
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


def shown_tokens(member: CurrentMember, *, everybody: bool, after: Sequence[Any] | None) -> Page[AnyRow]:
    """Return one page of the living tokens as the settings list them: the member's own, or all within their scope."""
    order = TOKEN_ORDERS["-created_at"]
    role = select(Role.name).where(Role.id == ApiToken.role_id).scalar_subquery()
    role_key = select(Role.key).where(Role.id == ApiToken.role_id).scalar_subquery()
    whose = select(Member.name).where(Member.id == ApiToken.member_id).scalar_subquery()
    later: tuple[Any, ...] = (
        ApiToken.kind, ApiToken.read_only, ApiToken.address, role.label("role_name"), role_key.label("role_key"),
    )  # fmt: skip
    if lacks_tables(current_tenant()):
        later = tuple(literal(None).label(name) for name in ("kind", "read_only", "address", "role_name", "role_key"))
    query = _tokens(
        member, ApiToken.id, ApiToken.name, ApiToken.created_at, ApiToken.last_used_at, ApiToken.expires_at,
        ApiToken.member_id, whose.label("whose"), *later,
    )  # fmt: skip
    if not everybody:
        query = query.where(ApiToken.member_id == member.id)
    rows = fetch(page(query, order, ApiToken.id, after=after, limit=50)).all()
    return cut(rows, 50, "created_at")


def told_of_token(column: Any) -> Any:
    """Return a column of a token, or what holds for all of them where a workspace has no such column yet."""
    usual = {"kind": "device", "role_id": None, "read_only": False, "address": None}
    if column.key in usual and lacks_tables(current_tenant()):
        return literal(usual[column.key]).label(column.key)
    return column


def _tokens(member: CurrentMember, *columns: Any) -> AnySelect:
    scope = member.require("token:read")
    return select(*columns).where(ApiToken.revoked_at.is_(None), owned_within(ApiToken.member_id, member, scope))


def members(
    member: CurrentMember, *, columns: Sequence[Any], sort: str, after: Sequence[Any] | None, limit: int,
    status: str = "active", team_id: UUID | None = None, two_factor: bool | None = None,
) -> Page[AnyRow]:  # fmt: skip
    """Return one page of the workspace's members of one status; "" for all but removed ones."""
    member.require("member:read")
    _, order = choose(MEMBER_ORDERS, sort, "name")
    query = _members(*columns, *cursor_columns(order, Member.id))
    query = query.where(Member.status == status if status else Member.status != "removed")
    if team_id is not None:
        query = query.where(Member.team_id == team_id)
    if two_factor is not None and not lacks_tables(current_tenant()):
        query = query.where(Member.two_factor.is_(two_factor))
    rows = fetch(page(query, order, Member.id, after=after, limit=limit)).all()
    return cut(rows, limit, *CURSOR)


def member_record(member_id: UUID, member: CurrentMember, columns: Sequence[Any]) -> AnyRow:
    """Return one member, also one who has been removed, so that old records can name their owner."""
    member.require("member:read")
    return _one(_members(*columns).where(Member.id == member_id))


def _members(*columns: Any) -> AnySelect:
    return select(*columns).join(Role, Role.id == Member.role_id).where(Member.deleted_at.is_(None))


def teams(
    member: CurrentMember, *, columns: Sequence[Any], sort: str, after: Sequence[Any] | None, limit: int,
    parent_id: UUID | None = None,
) -> Page[AnyRow]:  # fmt: skip
    """Return one page of the teams, or of those right below one."""
    _, order = choose(TEAM_ORDERS, sort, "name")
    query = _teams(member, *columns, *cursor_columns(order, Team.id))
    if parent_id is not None:
        query = query.where(Team.parent_id == parent_id)
    return cut(fetch(page(query, order, Team.id, after=after, limit=limit)).all(), limit, *CURSOR)


def team_record(team_id: UUID, member: CurrentMember, columns: Sequence[Any]) -> AnyRow:
    """Return one team; raises NotFound."""
    return _one(_teams(member, *columns).where(Team.id == team_id))


def _teams(member: CurrentMember, *columns: Any) -> AnySelect:
    member.require("team:read")
    return select(*columns).where(Team.deleted_at.is_(None))


def invitations(
    member: CurrentMember, *, columns: Sequence[Any], sort: str, after: Sequence[Any] | None, limit: int
) -> Page[AnyRow]:
    """Return one page of the invitations nobody has answered or withdrawn."""
    _, order = choose(INVITATION_ORDERS, sort, "-created_at")
    query = _invitations(member, *columns, *cursor_columns(order, Invitation.id))
    return cut(fetch(page(query, order, Invitation.id, after=after, limit=limit)).all(), limit, *CURSOR)


def invitation_record(invitation_id: UUID, member: CurrentMember, columns: Sequence[Any]) -> AnyRow:
    """Return one open invitation; raises NotFound."""
    return _one(_invitations(member, *columns).where(Invitation.id == invitation_id))


def _invitations(member: CurrentMember, *columns: Any) -> AnySelect:
    member.require("member:create")
    return select(*columns).where(Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None))


def _one(query: AnySelect) -> AnyRow:
    found = fetch(query).one_or_none()
    if found is None:
        raise NotFound
    return found
