"""Financial years and quarters, whatever month they begin in."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saas_crm.core.fiscal import Period, quarter_of, year_of

LONG_AGO, FAR_OFF = date(1990, 1, 1), date(2090, 12, 31)


@pytest.mark.parametrize(
    ("day", "begins", "year", "quarter", "first", "after"),
    [
        (date(2026, 1, 1), 1, "2026", 1, date(2026, 1, 1), date(2026, 4, 1)),
        (date(2026, 12, 31), 1, "2026", 4, date(2026, 10, 1), date(2027, 1, 1)),
        (date(2026, 4, 1), 4, "2026/27", 1, date(2026, 4, 1), date(2026, 7, 1)),
        (date(2026, 3, 31), 4, "2025/26", 4, date(2026, 1, 1), date(2026, 4, 1)),
        (date(2026, 11, 22), 10, "2026/27", 1, date(2026, 10, 1), date(2027, 1, 1)),
        (date(2026, 9, 30), 10, "2025/26", 4, date(2026, 7, 1), date(2026, 10, 1)),
        (date(2026, 11, 22), 12, "2025/26", 4, date(2026, 9, 1), date(2026, 12, 1)),
        (date(2026, 2, 28), 12, "2025/26", 1, date(2025, 12, 1), date(2026, 3, 1)),
        (date(2024, 2, 29), 2, "2024/25", 1, date(2024, 2, 1), date(2024, 5, 1)),
        (date(1999, 7, 1), 7, "1999/2000", 1, date(1999, 7, 1), date(1999, 10, 1)),
    ],
)
def test_the_quarter_of_a_day(day: date, begins: int, year: str, quarter: int, first: date, after: date) -> None:
    assert quarter_of(day, begins) == Period(first, after, year, quarter)


@pytest.mark.parametrize(
    ("begins", "later", "expected"),
    [
        (1, 1, Period(date(2027, 1, 1), date(2027, 4, 1), "2027", 1)),
        (1, -1, Period(date(2026, 7, 1), date(2026, 10, 1), "2026", 3)),
        (4, 1, Period(date(2027, 1, 1), date(2027, 4, 1), "2026/27", 4)),
        (4, 2, Period(date(2027, 4, 1), date(2027, 7, 1), "2027/28", 1)),
        (10, -1, Period(date(2026, 7, 1), date(2026, 10, 1), "2025/26", 4)),
        (11, -5, Period(date(2025, 8, 1), date(2025, 11, 1), "2024/25", 4)),
    ],
)
def test_quarters_before_and_after(begins: int, later: int, expected: Period) -> None:
    assert quarter_of(date(2026, 11, 22), begins, later=later) == expected


@pytest.mark.parametrize(
    ("begins", "later", "expected"),
    [
        (1, 0, Period(date(2026, 1, 1), date(2027, 1, 1), "2026")),
        (7, 0, Period(date(2026, 7, 1), date(2027, 7, 1), "2026/27")),
        (12, 0, Period(date(2025, 12, 1), date(2026, 12, 1), "2025/26")),
        (12, 1, Period(date(2026, 12, 1), date(2027, 12, 1), "2026/27")),
    ],
)
def test_years(begins: int, later: int, expected: Period) -> None:
    assert year_of(date(2026, 11, 22), begins, later=later) == expected


@given(st.dates(LONG_AGO, FAR_OFF), st.integers(1, 12), st.integers(-12, 12))
def test_quarters_follow_one_another_without_a_gap(day: date, begins: int, later: int) -> None:
    now, there = quarter_of(day, begins), quarter_of(day, begins, later=later)
    assert now.first <= day < now.after
    assert quarter_of(there.after, begins).first == there.after
    assert quarter_of(there.after - timedelta(days=1), begins) == there
    year = year_of(there.first, begins)
    assert (year.year, year.first <= there.first, there.after <= year.after) == (there.year, True, True)
    assert [quarter_of(year.first, begins, later=n).quarter for n in range(5)] == [1, 2, 3, 4, 1]


def test_beyond_the_calendar_there_is_none() -> None:
    with pytest.raises(OverflowError):
        year_of(date(9999, 12, 31), 4)
