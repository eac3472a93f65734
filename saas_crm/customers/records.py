"""Companies and contacts for programs: whichever columns they ask for, as plain rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from saas_crm.access.permissions import CurrentMember
from saas_crm.access.visibility import visible
from saas_crm.core.errors import NotFound
from saas_crm.core.keyset import CURSOR, Page, choose, cursor_columns, cut, page
from saas_crm.customers.models import Company
from saas_crm.customers.queries import COMPANY_ORDERS, CONTACT_ORDERS, CustomerFilter, narrow
from tenants.db import AnyRow, db


def records(
    model: type[Any], member: CurrentMember, wanted: CustomerFilter, *, columns: Sequence[Any], sort: str,
    after: Sequence[Any] | None, limit: int,
) -> Page[AnyRow]:  # fmt: skip
    """Return one page of companies or contacts; raises InvalidInput for an order there is not."""
    _, order = choose(COMPANY_ORDERS if model is Company else CONTACT_ORDERS, sort, "name")
    query = narrow(select(*columns, *cursor_columns(order, model.id)), model, member, wanted)
    rows = db.session.execute(page(query, order, model.id, after=after, limit=limit)).all()
    return cut(rows, limit, *CURSOR)


def record(model: type[Any], record_id: UUID, member: CurrentMember, columns: Sequence[Any]) -> AnyRow:
    """Return one living company or contact the member sees; raises NotFound."""
    query = select(*columns).where(model.id == record_id, model.deleted_at.is_(None), visible(model, member))
    found = db.session.execute(query).one_or_none()
    if found is None:
        raise NotFound
    return found
