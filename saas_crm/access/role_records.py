"""Roles for programs: whichever columns they ask for, as plain rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from saas_crm.access.models import Role
from saas_crm.access.permissions import CurrentMember
from saas_crm.core.errors import NotFound
from saas_crm.core.keyset import CURSOR, Order, Page, choose, cursor_columns, cut, page
from tenants.db import AnyRow, fetch

ROLE_ORDERS = {"name": Order(Role.name), "-name": Order(Role.name, descending=True)}


def roles(
    member: CurrentMember, *, columns: Sequence[Any], sort: str, after: Sequence[Any] | None, limit: int
) -> Page[AnyRow]:
    """Return one page of the workspace's roles."""
    member.require("role:read")
    _, order = choose(ROLE_ORDERS, sort, "name")
    query = select(*columns, *cursor_columns(order, Role.id)).where(Role.deleted_at.is_(None))
    return cut(fetch(page(query, order, Role.id, after=after, limit=limit)).all(), limit, *CURSOR)


def role_record(role_id: UUID, member: CurrentMember, columns: Sequence[Any]) -> AnyRow:
    """Return one role; raises NotFound."""
    member.require("role:read")
    found = fetch(select(*columns).where(Role.id == role_id, Role.deleted_at.is_(None))).one_or_none()
    if found is None:
        raise NotFound
    return found
