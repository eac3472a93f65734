"""Activities for programs: whichever columns they ask for, as plain rows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select

from saas_crm.access.permissions import CurrentMember
from saas_crm.access.visibility import visible
from saas_crm.activities.models import Activity
from saas_crm.activities.queries import ORDERS, ActivityFilter
from saas_crm.core.errors import NotFound
from saas_crm.core.keyset import CURSOR, Page, choose, cursor_columns, cut, page
from tenants.db import AnyRow, AnySelect, fetch


def records(
    member: CurrentMember, wanted: ActivityFilter, *, columns: tuple[Any, ...], sort: str,
    after: Sequence[Any] | None, limit: int,
) -> Page[AnyRow]:  # fmt: skip
    """Return one page of activities; raises InvalidInput for an order there is not."""
    _, order = choose(ORDERS, sort, "-at")
    query = narrowed(
        _all(columns, sort).where(visible(Activity, member, many="" if wanted.finds_few else "page")), wanted
    )
    rows = fetch(page(query, order, Activity.id, after=after, limit=limit)).all()
    return cut(rows, limit, *CURSOR)


def record(activity_id: UUID, member: CurrentMember, columns: tuple[Any, ...]) -> AnyRow:
    """Return one living activity the member sees; raises NotFound."""
    query = _one(columns).where(visible(Activity, member))
    found = fetch(query, {"activity_id": activity_id}).one_or_none()
    if found is None:
        raise NotFound
    return found


def narrowed(query: AnySelect, wanted: ActivityFilter) -> AnySelect:
    """Narrow a query of activities to what was asked for; the caller sees to what the member may see."""
    for name in ("kind", "owner_id", "company_id", "contact_id", "opportunity_id"):
        if value := getattr(wanted, name):
            query = query.where(getattr(Activity, name) == value)
    if wanted.done is None:
        return query
    return query.where(Activity.done_at.is_not(None) if wanted.done else Activity.done_at.is_(None))


# What does not depend on who asks is built once: building costs more than running.
@lru_cache(64)
def _all(columns: tuple[Any, ...], sort: str) -> AnySelect:
    cursor = cursor_columns(ORDERS[sort], Activity.id)
    return select(*columns, *cursor).where(Activity.deleted_at.is_(None))


@lru_cache(64)
def _one(columns: tuple[Any, ...]) -> AnySelect:
    return select(*columns).where(Activity.id == bindparam("activity_id"), Activity.deleted_at.is_(None))
