"""Columns that some readers see in part or not at all: what they may not see is replaced where it is loaded.

A column has a veil with a name, "contact.phone". Who reads now, and under which veils, is set once where a request or a
job begins (`reading_under`). From then on every value of such a column that comes out of the database is replaced
before anything else sees it, whichever query it came by: a page that forgets to ask can show nothing it should not.
What must work with the value itself, to store or to index it, asks for it by name (`truth`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ClauseElement,
    ColumnElement,
    CompoundSelect,
    Date,
    Dialect,
    Exists,
    FromClause,
    Numeric,
    ScalarSelect,
    SelectBase,
    String,
    TypeDecorator,
)

VEILING = frozenset({"hidden", "masked"})
"""Rules that are a veil; what is only read-only is seen."""
OPEN: Mapping[str, str] = {}
_rules: ContextVar[Mapping[str, str]] = ContextVar("veils", default=OPEN)
DOT = "•"


class VeiledText(str):
    """A text of which the reader gets less; it is written as they may see it."""

    truth: str

    def __new__(cls, shown: str, truth: str) -> VeiledText:
        """Return a text that reads as `shown`."""
        made = super().__new__(cls, shown)
        made.truth = truth
        return made

    def __reduce__(self) -> tuple[type[VeiledText], tuple[str, str]]:
        return type(self), (str(self), self.truth)


class VeiledAmount(Decimal):
    """An amount the reader does not get; it counts as nothing, and whatever is reckoned with it is veiled too."""

    truth: Decimal

    def __new__(cls, truth: Decimal) -> VeiledAmount:
        """Return an amount that reads as 0."""
        made = super().__new__(cls, 0)
        made.truth = truth
        return made

    def __reduce__(self) -> Any:
        return type(self), (self.truth,)

    def _veiled(self, *_others: Any, **_options: Any) -> VeiledAmount:
        return self

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _veiled
    __truediv__ = __rtruediv__ = __neg__ = __abs__ = __round__ = _veiled  # type: ignore[assignment]
    __pos__ = __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __pow__ = __rpow__ = _veiled
    quantize = to_integral_value = normalize = _veiled


def is_veiled(value: object) -> bool:
    """Whether the reader gets less of a value than is stored."""
    return isinstance(value, VeiledText | VeiledAmount)


def truth(value: Any) -> Any:
    """Return a value as it is stored: for storing and indexing it, never for showing it."""
    return value.truth if isinstance(value, VeiledText | VeiledAmount) else value


def unveiled(*values: str | None) -> str:
    """Return the first of some texts that is there and whole, "" if there is none: a number that can be dialled."""
    return next((value for value in values if value and not is_veiled(value)), "")


def reading_under(rules: Mapping[str, str]) -> None:
    """Let everything that is loaded from here on be veiled by these rules ("contact.phone" → "hidden")."""
    _rules.set(rules)


@contextmanager
def read_under(rules: Mapping[str, str]) -> Iterator[None]:
    """Read under these rules for a while; under none of them, `OPEN`, for what the machine does by itself."""
    token = _rules.set(rules)
    try:
        yield
    finally:
        _rules.reset(token)


def any_veils() -> bool:
    """Whether the reader has any rules."""
    return bool(_rules.get())


def masked(text: str) -> str:
    """Return an e-mail address or a phone number in part: a•••@example.com, ••••5678; anything else as dots."""
    name, at, domain = text.rpartition("@")
    if at:
        return f"{name[:1]}{DOT * 3}@{domain}"
    digits = [char for char in text if char.isdigit()]
    last = 4 if len(digits) >= 9 else 2
    return DOT * 4 + ("".join(digits[-last:]) if len(digits) > 4 else "")


class Veil(TypeDecorator[Any]):
    """A column's type with a veil: `name` is the field's, as roles name it."""

    impl: Any = String
    cache_ok = True

    def __init__(self, name: str, *sizes: int) -> None:
        super().__init__(*sizes)
        self.name, self.sizes = name, sizes

    @property
    def python_type(self) -> type[Any]:
        """The type of the values."""
        return str

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002 - SQLAlchemy's own protocol
        """Store what is behind a veil, where a veiled value is written back."""
        return truth(value)

    def process_result_value(self, value: Any, dialect: Dialect | None) -> Any:  # noqa: ARG002 - the same
        """Return the value as the reader may see it."""
        if not (rules := _rules.get()) or value is None or value == "":
            return value
        rule = rules.get(self.name)
        return self.veiled(value, rule) if rule in VEILING else value

    def veiled(self, value: Any, rule: str) -> Any:
        """Return a value under a rule."""
        return VeiledText(masked(value) if rule == "masked" else "", value)


class VeiledDate(Veil):
    """A day; under a veil there is none."""

    impl = Date
    cache_ok = True

    @property
    def python_type(self) -> type[Any]:
        """The type of the values."""
        return date

    def veiled(self, value: Any, rule: str) -> Any:  # noqa: ARG002 - a day has no parts to show
        """Return no day."""
        return None


class VeiledNumber(Veil):
    """An amount of so many digits, `VeiledNumber(name, precision, scale)`; under a veil it is a `VeiledAmount`."""

    impl = Numeric
    cache_ok = True

    @property
    def python_type(self) -> type[Any]:
        """The type of the values."""
        return Decimal

    def veiled(self, value: Any, rule: str) -> Any:  # noqa: ARG002 - nor has an amount
        """Return an amount that tells nothing."""
        return VeiledAmount(value)


class VeilLost(RuntimeError):
    """A query puts a veiled column into an expression that does not carry its veil."""


def veil_of(column: ColumnElement[Any]) -> Veil | None:
    """Return the veil of a selected expression; raises VeilLost where it has none, but shows a column that has one.

    An expression of columns with several veils shows now one and now the other: it cannot be veiled, and is refused.
    """
    names, own = _veils_within(column, {}), column.type
    if not names:
        return None
    if not isinstance(own, Veil) or names != {own.name}:
        raise VeilLost(f"{column} shows {sorted(names)} and is veiled as {getattr(own, 'name', 'nothing')}")
    return own


def veils_of(query: Any) -> tuple[tuple[int, Veil], ...]:
    """Return which columns of a query have a veil, by their place; raises VeilLost as `veil_of`.

    In a union the rows of every query pass under the columns of the first one.
    """
    if isinstance(query, CompoundSelect):
        found = [veils_of(part) for part in query.selects]
        if any(veils != found[0] for veils in found):
            raise VeilLost("queries of one union have different veils")
        return found[0]
    each = ((at, veil_of(column)) for at, column in enumerate(query.selected_columns))
    return tuple((at, veil) for at, veil in each if veil is not None)


def _veils_within(shown: ClauseElement, seen: dict[int, ClauseElement]) -> set[str]:
    """Return the names of all veils of what an expression shows, through subqueries to the tables' own columns."""
    names: set[str] = set()
    if id(shown) in seen:
        return names
    seen[id(shown)] = shown
    if isinstance(shown, Exists):
        return names  # whether there is one tells what was asked for, which `check_askable` guards
    if isinstance(shown, ScalarSelect):
        return names.union(*(_veils_within(column, seen) for column in _columns_of(shown.element)))
    if isinstance(shown, ColumnElement):
        names |= {shown.type.name} if isinstance(shown.type, Veil) else set()
        names = names.union(*(_veils_within(base, seen) for base in shown.proxy_set))
    parts = (part for part in shown.get_children() if isinstance(part, ClauseElement))
    return names.union(*(_veils_within(part, seen) for part in parts if not _is_from(part)))


def _is_from(part: ClauseElement) -> bool:
    """Whether it is where rows come from; functions, which could be too, stand for values here."""
    return isinstance(part, FromClause | SelectBase) and not isinstance(part, ColumnElement)


def _columns_of(query: Any) -> list[ColumnElement[Any]]:
    parts = query.selects if isinstance(query, CompoundSelect) else [query]
    return [column for part in parts for column in part.selected_columns]
