"""The sales process as pure rules: the forecast, what lies still."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from saas_crm.opportunities.rules import (
    STALE_DAYS,
    Sum,
    days_between,
    forecast,
    is_stale,
    month_after,
    name_in,
    weighted,
)

NOW = datetime(2026, 3, 14, 12, tzinfo=UTC)
TODAY = date(2026, 3, 14)


def of(month: date | None, amount: str, probability: int = 50, *, is_open: bool = True) -> Sum:
    return Sum("stage", month, 1, Decimal(amount), probability, is_open)


def months(*sums: Sum) -> list[tuple[date | None, int, str, str]]:
    found = forecast(sums, first=TODAY)
    return [(entry.month, entry.count, str(entry.amount), str(entry.weighted)) for entry in found]


def test_the_forecast_has_this_month_and_the_next_two() -> None:
    assert [month for month, *_ in months()] == [date(2026, 3, 1), date(2026, 4, 1), date(2026, 5, 1), None]
    assert [entry.month for entry in forecast([], first=date(2026, 12, 31))] == [
        date(2026, 12, 1), date(2027, 1, 1), date(2027, 2, 1), None,
    ]  # fmt: skip


def test_amounts_are_weighted_by_their_chance() -> None:
    march, april, *_rest = months(
        of(date(2026, 3, 1), "100", 10), of(date(2026, 3, 1), "200", 75), of(date(2026, 4, 1), "1")
    )
    assert march == (date(2026, 3, 1), 2, "300", "160.00")
    assert april == (date(2026, 4, 1), 1, "1", "0.50")


def test_overdue_deals_are_still_to_come_this_month() -> None:
    late, due = of(date(2025, 1, 1), "100"), of(date(2026, 3, 1), "100")
    assert months(late)[0] == (date(2026, 3, 1), 1, "100", "50.00")
    assert [entry.late for entry in forecast([late, late, due], first=TODAY)] == [2, 0, 0, 0]


def test_late_and_closed_deals_are_left_out() -> None:
    closed = [of(date(2026, 3, 1), "1", 100, is_open=False), of(None, "1", 100, is_open=False)]
    assert all(entry[1] == 0 for entry in months(of(date(2026, 6, 1), "1"), *closed))


def test_deals_that_nobody_expects_in_any_month_stand_by_themselves() -> None:
    *dated, undated = months(of(None, "100", 10), of(None, "200", 50))
    assert undated == (None, 2, "300", "110.00")
    assert all(entry[1] == 0 for entry in dated)


@pytest.mark.parametrize("chance", [0, 100])
def test_an_open_stage_may_have_any_chance(chance: int) -> None:
    assert months(of(date(2026, 3, 1), "100", chance))[0] == (date(2026, 3, 1), 1, "100", f"{chance}.00")


def test_half_a_cent_is_rounded_up() -> None:
    assert weighted(Decimal("0.05"), 10) == Decimal("0.01")


@pytest.mark.parametrize(
    ("status", "age", "stale"),
    [
        ("open", timedelta(days=STALE_DAYS), True),
        ("open", timedelta(days=STALE_DAYS, seconds=-1), False),
        ("won", timedelta(days=400), False),
        ("lost", timedelta(days=400), False),
    ],
)
def test_an_open_deal_without_a_sign_of_life_is_stale(status: str, age: timedelta, stale: bool) -> None:
    assert is_stale(status, NOW - age, NOW) is stale


def test_days_are_whole_and_never_negative() -> None:
    assert days_between(NOW - timedelta(hours=47), NOW) == 1
    assert days_between(NOW + timedelta(days=3), NOW) == 0


def test_a_month_follows_another_over_new_year() -> None:
    assert month_after(date(2026, 11, 30), 0) == date(2026, 11, 1)
    assert month_after(date(2026, 11, 30), 2) == date(2027, 1, 1)


def test_a_name_is_the_readers_or_else_the_one_that_was_given() -> None:
    assert name_in("Lead", {"zh_Hans": "线索"}, "zh_Hans") == "线索"
    assert name_in("Lead", {"zh_Hans": "线索", "en": ""}, "en") == "Lead"
