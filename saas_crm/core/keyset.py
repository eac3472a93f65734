"""Paging by key, never by OFFSET: page 1,000 costs what page 1 costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, Integer, and_, literal_column, or_, select, union_all
from sqlalchemy.orm import InstrumentedAttribute

from saas_crm.core.errors import InvalidInput
from saas_crm.core.i18n import gettext as _
from tenants.db import AnySelect

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Order:
    """One way to sort: a column, its direction, and whether it may be NULL (NULLs come last)."""

    column: InstrumentedAttribute[Any] | ColumnElement[Any]
    descending: bool = False
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows and the key after which the next page begins, None at the end."""

    rows: Sequence[Row]
    after: tuple[Any, Any] | None


class Asked(NamedTuple):
    """The page that is asked for: the name of its order, the key after which it begins, and how many rows."""

    sort: str
    after: tuple[Any, ...] | None
    limit: int

    @property
    def comes_again(self) -> bool:
        """Whether others ask for it too, so that its query is worth keeping: a list's beginning is, its middle not."""
        return self.after is None


def choose(orders: Mapping[str, Order], name: str | None, default: str) -> tuple[str, Order]:
    """Return the order with this name; raises InvalidInput for one that is not offered."""
    key = name or default
    if key not in orders:
        raise InvalidInput({"sort": _("Choose one of the values offered.")})
    return key, orders[key]


def page(
    query: AnySelect,
    order: Order,
    key: InstrumentedAttribute[Any],
    *,
    after: Sequence[Any] | None,
    limit: int,
) -> AnySelect:
    """Return the query for one page and one row more, sorted by (order, key), beginning after a key."""
    if order.nullable:
        return _page_with_nulls(query, order, key, after, limit)
    if after is not None:
        query = query.where(_beyond(order, key, after[0], after[1]))
    return _sorted(query, order, order.column, key).limit(at_most(limit + 1))


def _page_with_nulls(
    query: AnySelect, order: Order, key: InstrumentedAttribute[Any], after: Sequence[Any] | None, limit: int
) -> AnySelect:
    """Return the same where NULLs come last: rows with a value and rows without, each by its own index.

    In one query with NULLS LAST, an index serves one direction only, and a later page reads all that come before it.
    """
    column, few = order.column, at_most(limit + 1)
    without = query.where(column.is_(None))
    if after is not None and after[0] is None:
        without = without.where(_further(order, key, after[1]))
        return _sorted(without, order, key).limit(few)
    some = query.where(column.is_not(None))
    if after is not None:
        some = some.where(_beyond(order, key, after[0], after[1]))
    places = ("paged_by", "paged_key")
    marks = (column.label(places[0]), key.label(places[1]))
    parts = [_sorted(some, order, column, key).limit(few), _sorted(without, order, key).limit(few)]
    both = union_all(*(select(part.add_columns(*marks).subquery()) for part in parts)).subquery()
    by, last = (both.c[place] for place in places)
    shown = select(*(found for found in both.c if found.key not in places))
    return _sorted(shown.order_by(by.is_(None)), order, by, last).limit(few)


def _sorted(query: AnySelect, order: Order, *columns: ColumnElement[Any] | InstrumentedAttribute[Any]) -> AnySelect:
    return query.order_by(*(column.desc() if order.descending else column.asc() for column in columns))


def at_most(limit: int) -> ColumnElement[int]:
    """Return a LIMIT that stands in the SQL itself.

    As a parameter it is unknown to a kept plan, which then looks expensive, and PostgreSQL plans each execution anew:
    that takes as long as the execution.
    """
    return literal_column(str(int(limit)), Integer)


def _beyond(order: Order, key: InstrumentedAttribute[Any], value: Any, last: Any) -> ColumnElement[bool]:
    column = order.column
    beyond = column < value if order.descending else column > value
    # The first condition is implied by the second; it lets the index start at the right place.
    bound = column <= value if order.descending else column >= value
    return and_(bound, or_(beyond, and_(column == value, _further(order, key, last))))


def _further(order: Order, key: InstrumentedAttribute[Any], last: Any) -> ColumnElement[bool]:
    further: ColumnElement[bool] = key < last if order.descending else key > last
    return further


def in_order(query: AnySelect, order: Order, key: InstrumentedAttribute[Any]) -> AnySelect:
    """Return the whole query sorted by (order, key), for those who read all of it; NULLs come last."""
    if order.nullable:
        query = query.order_by(order.column.is_(None))
    return _sorted(query, order, order.column, key)


CURSOR = ("cursor_value", "cursor_key")
"""What the columns are called that a page is cut by, where the columns shown may be any."""


def cursor_columns(order: Order, key: InstrumentedAttribute[Any]) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """Return the columns by which a page is cut, named as CURSOR says."""
    return order.column.label(CURSOR[0]), key.label(CURSOR[1])


def cut(rows: Sequence[Row], limit: int, order_attribute: str, key_attribute: str = "id") -> Page[Row]:
    """Make a page of `limit` rows out of one row more."""
    if len(rows) <= limit:
        return Page(rows, None)
    last: Any = rows[limit - 1]
    return Page(rows[:limit], (getattr(last, order_attribute), getattr(last, key_attribute)))
