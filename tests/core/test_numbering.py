"""How numbers are written, and when a count begins again."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saas_crm.core.fields import FieldError
from saas_crm.core.numbering.patterns import Rule, read_pattern, rule_of

DAY = date(2026, 3, 9)


@pytest.mark.parametrize(
    ("text", "begins", "number", "period"),
    [
        ("{0000}", 1, "0042", ""),
        ("{0}", 1, "42", ""),
        ("C-{00000}", 1, "C-00042", ""),
        ("{YYYY}-{0000}", 1, "2026-0042", "2026"),
        ("{0000}/{YY}", 1, "0042/26", "2026"),
        ("D {YYYY}{MM} {000}", 1, "D 202603 042", "2026-03"),
        ("{YYYY}-{0000}", 4, "2025-0042", "2025"),
        ("{YY}.{MM}.{0000}", 4, "25.03.0042", "2025-03"),
        ("客户{0000}号", 1, "客户0042号", ""),
        ("{0000000000}", 1, "0000000042", ""),
    ],
)
def test_a_number_of_a_day(text: str, begins: int, number: str, period: str) -> None:
    pattern = read_pattern(text)
    assert (pattern.number(42, DAY, begins), pattern.period(DAY, begins)) == (number, period)


def test_the_count_grows_beyond_its_digits() -> None:
    assert read_pattern("{00}").number(1234, DAY) == "1234"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "count"), ("C-", "count"), ("{0000}{000}", "count"), ("{YYYY}", "count"), ("{00000000000}", "digits"),
        ("{MM}{0000}", "month"), ("{YYYY}{YY}{0000}", "twice"), ("{YYYY}{MM}{MM}{0000}", "twice"),
        ("{DD}{0000}", "place"), ("{}{0000}", "place"), ("{yyyy}{0000}", "place"), ("{0000", "braces"),
        ("{0000}}", "braces"), ("{{0000}}", "braces"), ("x" * 35 + "{0000}", "long"), ("<b>{0000}", "characters"),
        ("{0000}'", "characters"), ("=cmd|{0000}", "characters"), ("C,{0000}", "characters"),
    ],
)  # fmt: skip
def test_what_is_no_pattern_is_told(text: str, code: str) -> None:
    with pytest.raises(FieldError) as refused:
        read_pattern(text)
    assert refused.value.code == code


_TEXT = st.text("ABC-/. #_0189客", max_size=5)
_TIMES = st.sampled_from([[], ["{YYYY}"], ["{YY}"], ["{YYYY}", "{MM}"], ["{MM}", "{YY}"]])


@given(_TEXT, _TIMES, _TEXT, st.integers(1, 10), st.integers(1, 12), st.dates(date(2000, 1, 1), date(2099, 1, 1)))
def test_no_number_comes_twice(before: str, times: list[str], after: str, digits: int, begins: int, day: date) -> None:
    """Over a year of days with a few counts each: as many numbers as counts of periods."""
    text = before + "".join(f"{time}-" for time in times) + "{" + "0" * digits + "}" + after
    pattern = read_pattern(text)
    days = [day + timedelta(days=7 * week) for week in range(60)]
    made = {
        (pattern.period(on, begins), count): pattern.number(count, on, begins) for on in days for count in (1, 2, 9)
    }
    assert len(set(made.values())) == len(made)


def test_a_rule_is_kept_and_read_again() -> None:
    rule = Rule("C-{000}", on=False, fiscal=True)
    assert rule_of(rule.stored()) == rule
    assert rule_of(None) is None
    assert (rule.begins(4), Rule("{0}").begins(4)) == (4, 1)
