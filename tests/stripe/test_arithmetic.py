"""Amounts and periods as Stripe's documentation has them."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.stripe.arithmetic import amount_of, later, period_around, prorated, rounded, shared_out

MONTH = {"interval": "month", "interval_count": 1}


def _at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("anchor", "interval", "count", "expected"),
    [
        ("2026-01-31T08:00", "month", 1, "2026-02-28T08:00"),
        ("2026-01-31T08:00", "month", 2, "2026-03-31T08:00"),
        ("2028-01-31T08:00", "month", 1, "2028-02-29T08:00"),
        ("2024-02-29T00:00", "year", 1, "2025-02-28T00:00"),
        ("2024-02-29T00:00", "year", 4, "2028-02-29T00:00"),
        ("2026-12-15T00:00", "month", 1, "2027-01-15T00:00"),
        ("2026-01-01T00:00", "week", 2, "2026-01-15T00:00"),
    ],
)
def test_a_period_ends_on_the_anchor_s_day_or_on_the_last_one_of_a_shorter_month(
    anchor: str, interval: str, count: int, expected: str
) -> None:
    assert later(_at(anchor), interval, count) == _at(expected)


@given(
    anchor=st.integers(1_600_000_000, 1_900_000_000),
    later_by=st.integers(0, 500_000_000),
    interval=st.sampled_from(["day", "week", "month", "year"]),
    count=st.integers(1, 6),
)
def test_every_moment_lies_in_one_period(anchor: int, later_by: int, interval: str, count: int) -> None:
    rhythm = {"interval": interval, "interval_count": count}
    start, end = period_around(anchor, rhythm, anchor + later_by)
    assert start <= anchor + later_by < end
    assert period_around(anchor, rhythm, start) == (start, end)
    assert period_around(anchor, rhythm, end)[0] == end


def test_each_line_is_the_floor_of_its_own_exact_amount() -> None:
    """The documented change of a 10 to a 5 dollar plan, a third of the month in: -6.67 and 3.33."""
    start, end = 0, 30 * 86_400
    assert prorated(Fraction(-1000), start, end, 10 * 86_400) == -667
    assert prorated(Fraction(500), start, end, 10 * 86_400) == 333


@given(amount=st.integers(-(10**9), 10**9), length=st.integers(1, 40_000_000), part=st.floats(0, 1))
def test_what_is_unused_and_what_was_used_make_up_the_whole(amount: int, length: int, part: float) -> None:
    moment = int(length * part)
    unused, used = prorated(Fraction(amount), 0, length, moment), prorated(Fraction(amount), 0, length, length - moment)
    assert 0 <= amount - unused - used <= 1


def test_tiers_count_by_steps_or_by_volume() -> None:
    nothing = dict.fromkeys(("unit_amount", "unit_amount_decimal", "flat_amount", "flat_amount_decimal"))
    tiers = [{**nothing, "up_to": 5, "flat_amount": 900}, {**nothing, "up_to": None, "unit_amount_decimal": "700"}]
    price = {"billing_scheme": "tiered", "tiers_mode": "graduated", "_tiers": tiers}
    assert [amount_of(price, seats) for seats in (0, 1, 5, 7)] == [0, 900, 900, 2300]
    assert [amount_of({**price, "tiers_mode": "volume"}, seats) for seats in (0, 5, 7)] == [0, 900, 4900]


@given(total=st.integers(0, 10**9), weights=st.lists(st.integers(0, 10**6), min_size=1))
def test_parts_add_up(total: int, weights: list[int]) -> None:
    assert sum(shared_out(total, weights)) == (total if sum(weights) else 0)


def test_a_coupon_s_rest_goes_to_the_last() -> None:
    assert shared_out(500, [1000, 2000]) == [166, 334]


@pytest.mark.parametrize(("exact", "whole"), [(Fraction(5, 2), 3), (Fraction(-5, 2), -3), (Fraction(7, 3), 2)])
def test_halves_are_rounded_away_from_zero(exact: Fraction, whole: int) -> None:
    assert rounded(exact) == whole
