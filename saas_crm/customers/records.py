"""Companies and contacts for programs: whichever columns they ask for, as plain rows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select

from saas_crm.access.permissions import CurrentMember
from saas_crm.access.visibility import visible
from saas_crm.core.errors import NotFound
from saas_crm.core.keyset import CURSOR, Order, Page, choose, cursor_columns, cut, page
from saas_crm.customers.models import Company
from saas_crm.customers.queries import COMPANY_ORDERS, CONTACT_ORDERS, CustomerFilter, narrow
from tenants.db import AnyRow, AnySelect, fetch


def records(
    model: Any, member: CurrentMember, wanted: CustomerFilter, *, columns: tuple[Any, ...], sort: str,
    after: Sequence[Any] | None, limit: int,
) -> Page[AnyRow]:  # fmt: skip
    """Return one page of companies or contacts; raises InvalidInput for an order there is not."""
    _, order = choose(_orders(model), sort, "name")
    query = page(narrow(_all(model, columns, sort), model, member, wanted), order, model.id, after=after, limit=limit)
    return cut(fetch(query).all(), limit, *CURSOR)


def record(model: Any, record_id: UUID, member: CurrentMember, columns: tuple[Any, ...]) -> AnyRow:
    """Return one living company or contact the member sees; raises NotFound."""
    found = fetch(_one(model, columns).where(visible(model, member)), {"this_id": record_id}).one_or_none()
    if found is None:
        raise NotFound
    return found


def _orders(model: Any) -> dict[str, Order]:
    return COMPANY_ORDERS if model is Company else CONTACT_ORDERS


# What does not depend on who asks is built once: building costs more than running.
@lru_cache(64)
def _all(model: Any, columns: tuple[Any, ...], sort: str) -> AnySelect:
    return select(*columns, *cursor_columns(_orders(model)[sort], model.id))


@lru_cache(64)
def _one(model: Any, columns: tuple[Any, ...]) -> AnySelect:
    return select(*columns).where(model.id == bindparam("this_id"), model.deleted_at.is_(None))
