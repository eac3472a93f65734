"""Amounts as Stripe counts them: whole numbers of a currency's smallest unit."""

from __future__ import annotations

from decimal import Decimal

from saas_crm.core.money import Money

# https://docs.stripe.com/currencies: not CLDR's digits. Of ISK and UGX Stripe counts hundredths that nobody pays in.
_NO_DECIMALS = frozenset(
    "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split()  # noqa: SIM905
)
_THREE_DECIMALS = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})


def digits(currency: str) -> int:
    """Return how many digits of an amount in Stripe's smallest unit stand after the point."""
    if currency in _NO_DECIMALS:
        return 0
    return 3 if currency in _THREE_DECIMALS else 2


def step(currency: str) -> int:
    """Return what amounts that Stripe takes are multiples of: three-decimal ones are in tens."""
    return 10 if currency in _THREE_DECIMALS else 1


def money(amount: int, currency: str) -> Money:
    """Return an amount in Stripe's smallest unit as money, to be shown; raises ValueError for no currency in use."""
    return Money(Decimal(amount).scaleb(-digits(currency)), currency)
