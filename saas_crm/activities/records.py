"""Activities for programs: whichever columns they ask for, as plain rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from saas_crm.access.permissions import CurrentMember
from saas_crm.access.visibility import visible
from saas_crm.activities.models import Activity
from saas_crm.activities.queries import ORDERS, ActivityFilter
from saas_crm.core.errors import NotFound
from saas_crm.core.keyset import CURSOR, Page, choose, cursor_columns, cut, page
from tenants.db import AnyRow, db


def records(
    member: CurrentMember, wanted: ActivityFilter, *, columns: Sequence[Any], sort: str, after: Sequence[Any] | None,
    limit: int,
) -> Page[AnyRow]:  # fmt: skip
    """Return one page of activities; raises InvalidInput for an order there is not."""
    _, order = choose(ORDERS, sort, "-at")
    query = select(*columns, *cursor_columns(order, Activity.id))
    query = query.where(Activity.deleted_at.is_(None), visible(Activity, member))
    for name in ("kind", "owner_id", "company_id", "contact_id", "opportunity_id"):
        if value := getattr(wanted, name):
            query = query.where(getattr(Activity, name) == value)
    if wanted.done is not None:
        query = query.where(Activity.done_at.is_not(None) if wanted.done else Activity.done_at.is_(None))
    rows = db.session.execute(page(query, order, Activity.id, after=after, limit=limit)).all()
    return cut(rows, limit, *CURSOR)


def record(activity_id: UUID, member: CurrentMember, columns: Sequence[Any]) -> AnyRow:
    """Return one living activity the member sees; raises NotFound."""
    query = select(*columns).where(Activity.id == activity_id, Activity.deleted_at.is_(None), visible(Activity, member))
    found = db.session.execute(query).one_or_none()
    if found is None:
        raise NotFound
    return found
