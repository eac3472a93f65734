"""Companies and contacts for programs: whichever columns they ask for, as plain rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select

from saas_crm.access.permissions import CurrentMember
from saas_crm.access.visibility import READERS, Reader, reader, visible
from saas_crm.core.errors import NotFound
from saas_crm.core.keyset import CURSOR, Asked, Page, choose, cursor_columns, cut, page
from saas_crm.customers.queries import NAMES, CustomerFilter, narrow, order_of, orders_of
from tenants.db import AnyRow, AnySelect, fetch
from tenants.kept import kept_queries


def records(
    model: Any, member: CurrentMember, wanted: CustomerFilter, *, columns: tuple[Any, ...], sort: str,
    after: Sequence[Any] | None, limit: int,
) -> Page[AnyRow]:  # fmt: skip
    """Return one page of companies or contacts; raises InvalidInput for an order there is not."""
    name, _ = choose(orders_of(model), sort, "name")
    asked = Asked(name, tuple(after) if after else None, limit)
    build = _page_of if asked.comes_again and not wanted.q else _page_of.__wrapped__
    query = build(model, reader(member, *NAMES, many=model), wanted, columns, asked)
    return cut(fetch(query).all(), limit, *CURSOR)


@kept_queries(READERS)
def _page_of(
    model: Any, asking: Reader, wanted: CustomerFilter, columns: tuple[Any, ...], asked: Asked
) -> AnySelect:  # fmt: skip
    order = order_of(model, asked.sort, wanted.q)
    query = narrow(select(*columns, *cursor_columns(order, model.id)), model, asking.member, wanted)
    return page(query, order, model.id, after=asked.after, limit=asked.limit)


def record(model: Any, record_id: UUID, member: CurrentMember, columns: tuple[Any, ...]) -> AnyRow:
    """Return one living company or contact the member sees; raises NotFound."""
    found = fetch(_one(model, columns, reader(member, *NAMES)), {"this_id": record_id}).one_or_none()
    if found is None:
        raise NotFound
    return found


@kept_queries(READERS)
def _one(model: Any, columns: tuple[Any, ...], asking: Reader) -> AnySelect:
    this = (model.id == bindparam("this_id"), model.deleted_at.is_(None))
    return select(*columns).where(*this, visible(model, asking.member))
