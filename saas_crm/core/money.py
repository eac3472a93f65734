"""Money: an exact decimal and its currency, which never part and never mix.

How many digits follow the point, and which currencies are in use, is told by CLDR (through `babel`).
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler

LARGEST_INPUT = Decimal(10) ** 14  # what people and programs send is smaller; columns are numeric(18, 3)
_LARGEST = Decimal(10) ** 24  # and so are sums of very many, kept in numeric(24, 3)


class CurrencyMismatchError(TypeError):
    """Two currencies met in one sum or comparison: a fault of the program, never of a person."""


@cache
def currencies() -> tuple[str, ...]:
    """Return the ISO 4217 codes that are legal tender somewhere today, sorted; all have at most 3 digits."""
    from babel.core import get_global

    entries = (entry for country in get_global("territory_currencies").values() for entry in country)
    return tuple(sorted({code for code, _, end, tender in entries if tender and end is None}))


@cache
def minor_digits(currency: str) -> int:
    """Return how many digits follow the point: 2 for EUR, 0 for JPY, 3 for KWD.

    Raises ValueError for what is no currency in use.
    """
    from babel.numbers import get_currency_precision

    if currency not in currencies():
        raise ValueError(f"no such currency: {currency!r}")
    return get_currency_precision(currency)


def rounded(amount: Decimal, currency: str) -> Decimal:
    """Return the amount in whole minor units; a half goes up (away from zero).

    So the Council Regulation (EC) No 1103/97, Article 5, has it for the euro, and commercial practice
    elsewhere; Python's own default, half to even, surprises everybody who adds up an invoice.
    """
    return amount.quantize(Decimal(1).scaleb(-minor_digits(currency)), ROUND_HALF_UP)


class Money:
    """An amount in whole minor units of an ISO 4217 currency; it cannot be changed.

    Raises ValueError for an unknown currency and for an amount that is no number or not smaller than 10^24,
    TypeError for a float. (No dataclass: Pydantic's `model_dump` would take one apart.)
    """

    __slots__ = ("amount", "currency")
    amount: Decimal
    currency: str

    def __init__(self, amount: Decimal | int | str, currency: str) -> None:
        if isinstance(amount, float):
            raise TypeError("money is never a float")
        exact = amount if isinstance(amount, Decimal) else Decimal(amount)
        if not exact.is_finite() or abs(exact) >= _LARGEST:
            raise ValueError(f"no amount of money: {amount}")
        object.__setattr__(self, "amount", rounded(exact, currency))
        object.__setattr__(self, "currency", currency)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{name} of money cannot be set")

    def __reduce__(self) -> tuple[type[Money], tuple[Decimal, str]]:
        return type(self), (self.amount, self.currency)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Money) and (self.amount, self.currency) == (other.amount, other.currency)

    def __hash__(self) -> int:
        return hash((self.amount, self.currency))

    def __repr__(self) -> str:
        return f"Money({self.amount:f} {self.currency})"

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __mul__(self, factor: Decimal | int) -> Money:
        """Return the rounded product; a float is refused by Decimal itself (TypeError)."""
        return Money(self.amount * factor, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.amount <= self._same(other)

    def __gt__(self, other: Money) -> bool:
        return self.amount > self._same(other)

    def __ge__(self, other: Money) -> bool:
        return self.amount >= self._same(other)

    def __bool__(self) -> bool:
        return self.amount != 0

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}"

    def share(self, percent: int | Decimal) -> Money:
        """Return so many percent of it: a deal weighted by its chance."""
        return self * (Decimal(percent) / 100)

    def as_json(self) -> dict[str, str]:
        """Return the API's shape: {"amount": "1200.00", "currency": "EUR"}, never a float."""
        return {"amount": f"{self.amount:f}", "currency": self.currency}

    def _same(self, other: Money) -> Decimal:
        if not isinstance(other, Money) or other.currency != self.currency:
            raise CurrencyMismatchError(f"{self} with {other}")
        return other.amount

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> Any:
        """Let schemas name Money as a field: the API's shape in, the API's shape out."""
        from saas_crm.core.money_schema import core_schema

        return core_schema(cls)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Describe that shape to the API's readers."""
        from saas_crm.core.money_schema import json_schema

        return json_schema()


def total(amounts: Iterable[Money], currency: str) -> Money:
    """Return the sum; of none it is zero in `currency`. Raises CurrencyMismatchError for another one."""
    return sum(amounts, Money(Decimal(0), currency))
