"""Amounts and periods: pure, with integers of a currency's smallest unit, exact fractions and seconds.

Sources: Stripe's documentation of prorations (docs.stripe.com/billing/subscriptions/prorations: by the second, "unused
time" and "remaining time"), of billing cycles (docs.stripe.com/billing/subscriptions/billing-cycle: the day of the
month of the anchor, or the last one of a shorter month), and recordings of the real service by the authors of
seahaven-stripe-world: each proration line is the floor of its own exact amount, -666.67 becomes -667, 333.33 333.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

_DAYS = {"day": 1, "week": 7}
_MONTHS = {"month": 1, "year": 12}


def later(anchor: int, interval: str, count: int) -> int:
    """Return the moment `count` intervals after the anchor."""
    if interval in _DAYS:
        return anchor + count * _DAYS[interval] * 86_400
    moment = datetime.fromtimestamp(anchor, UTC)
    months = moment.year * 12 + moment.month - 1 + count * _MONTHS[interval]
    year, month = divmod(months, 12)
    day = min(moment.day, monthrange(year, month + 1)[1])
    return int(moment.replace(year=year, month=month + 1, day=day).timestamp())


def period_around(anchor: int, recurring: dict[str, Any], moment: int) -> tuple[int, int]:
    """Return the start and end of the period that a moment is in; an end belongs to the next one."""
    step = recurring["interval_count"]
    spent = timedelta(seconds=moment - anchor).days
    guess = spent // {"day": 1, "week": 7, "month": 32, "year": 367}[recurring["interval"]]
    number = guess // step - 1
    while later(anchor, recurring["interval"], (number + 1) * step) <= moment:
        number += 1
    start, end = (later(anchor, recurring["interval"], (number + more) * step) for more in (0, 1))
    return start, end


def amount_of(price: dict[str, Any], quantity: int) -> Fraction:
    """Return what so many units cost."""
    if price["billing_scheme"] == "per_unit":
        return Fraction(price["unit_amount_decimal"]) * quantity
    tiers = price["_tiers"]
    if price["tiers_mode"] == "volume":
        tier = next(tier for tier in tiers if tier["up_to"] is None or quantity <= tier["up_to"])
        return _in_tier(tier, quantity) if quantity else Fraction(0)
    total, before = Fraction(0), 0
    for tier in tiers:
        if quantity <= before:
            break
        upto = quantity if tier["up_to"] is None else min(quantity, tier["up_to"])
        total += _in_tier(tier, upto - before)
        before = upto
    return total


def _in_tier(tier: dict[str, Any], units: int) -> Fraction:
    unit = tier["unit_amount_decimal"] or tier["unit_amount"] or 0
    flat = tier["flat_amount_decimal"] or tier["flat_amount"] or 0
    return Fraction(str(unit)) * units + Fraction(str(flat))


def rounded(amount: Fraction) -> int:
    """Return the nearest whole unit, halves away from zero."""
    exact = Decimal(amount.numerator) / Decimal(amount.denominator)
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def prorated(amount: Fraction, start: int, end: int, moment: int) -> int:
    """Return the part of a period's amount that the rest of the period costs, rounded down; credits are negative."""
    rest = Fraction(end - min(max(moment, start), end), end - start)
    return int((amount * rest).__floor__())


def shared_out(total: int, weights: list[int]) -> list[int]:
    """Split an amount by weights so that the parts add up; the rest goes to the last one that weighs anything."""
    whole = sum(weights)
    if whole <= 0:
        return [0] * len(weights)
    parts = [total * weight // whole for weight in weights]
    last = max(place for place, weight in enumerate(weights) if weight > 0)
    parts[last] += total - sum(parts)
    return parts
