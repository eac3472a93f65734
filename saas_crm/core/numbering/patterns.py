"""How numbers are written and when a count begins again: values in, values out.

A pattern is text with places: `{0000}` is the count, filled up with zeros to so many digits (it grows beyond them by
itself); `{YYYY}` and `{YY}` are the year, `{MM}` the month. With a year the count begins again each year, with year and
month each month, without either never. Counted by financial years, the year is the one in which that began, and a
month is always the calendar's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from saas_crm.core.fields import FieldError
from saas_crm.core.fiscal import CALENDAR, year_begun
from tenants.marks import N_

LONGEST = 40
MOST_DIGITS = 10
_PLACE = re.compile(r"(\{[^{}]*\})")
_COUNT = re.compile(r"\{0+\}")
_TIMES = {"{YYYY}": "year", "{YY}": "year", "{MM}": "month"}
_ALLOWED = re.compile(r"[\w #./\-]*")


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern that was checked, taken apart into texts and places."""

    parts: tuple[str, ...]

    @property
    def digits(self) -> int:
        """How many digits the count has at least."""
        return next(len(part) - 2 for part in self.parts if _COUNT.fullmatch(part))

    def period(self, day: date, begins: int = CALENDAR) -> str:
        """Return what a count that holds on a day is kept under: "2026", "2026-11", "" where it never begins again."""
        times = {_TIMES.get(part) for part in self.parts}
        year = f"{year_begun(day, begins):04d}" if "year" in times else ""
        return f"{year}-{day.month:02d}" if "month" in times else year

    def around(self, day: date, begins: int = CALENDAR) -> tuple[str, str]:
        """Return what stands before and after the count in a number of a day."""
        year = f"{year_begun(day, begins):04d}"
        written = {"{YYYY}": year, "{YY}": year[-2:], "{MM}": f"{day.month:02d}"}
        at = next(at for at, part in enumerate(self.parts) if _COUNT.fullmatch(part))
        texts = [written.get(part, part) for part in self.parts]
        return "".join(texts[:at]), "".join(texts[at + 1 :])

    def number(self, count: int, day: date, begins: int = CALENDAR) -> str:
        """Return the number that a count makes on a day; `begins` is the month in which years begin."""
        before, after = self.around(day, begins)
        return f"{before}{count:0{self.digits}d}{after}"


@dataclass(frozen=True, slots=True)
class Rule:
    """How a workspace numbers one kind of record: not `on`, new ones get none; `fiscal` counts by its own years."""

    text: str
    on: bool = True
    fiscal: bool = False

    @property
    def pattern(self) -> Pattern:
        """The pattern taken apart; raises FieldError for one that is none."""
        return read_pattern(self.text)

    def begins(self, fiscal_month: int) -> int:
        """Return the month in which the years begin that it counts by."""
        return fiscal_month if self.fiscal else CALENDAR

    def stored(self) -> dict[str, Any]:
        """Return it as it is kept."""
        return {"pattern": self.text, "on": self.on, "fiscal": self.fiscal}


def rule_of(stored: Mapping[str, Any] | None) -> Rule | None:
    """Return the rule as it is kept, None where there is none."""
    return Rule(stored["pattern"], stored["on"], stored["fiscal"]) if stored else None


def read_pattern(text: str) -> Pattern:
    """Return a pattern taken apart; raises FieldError with what is wrong about it."""
    parts = tuple(part for part in _PLACE.split(text) if part)
    if problem := _problem(text, parts):
        raise FieldError(*problem)
    return Pattern(parts)


def _problem(text: str, parts: tuple[str, ...]) -> tuple[str, str] | None:
    """Return the first thing that is wrong with a pattern, as code and message."""
    places = [part for part in parts if _PLACE.fullmatch(part)]
    texts = [part for part in parts if not _PLACE.fullmatch(part)]
    counts = [place for place in places if _COUNT.fullmatch(place)]
    times = [_TIMES[place] for place in places if place in _TIMES]
    wrong = {
        "braces": any("{" in part or "}" in part for part in texts),
        "place": len(counts) + len(times) < len(places),
        "count": len(counts) != 1,
        "digits": any(len(count) - 2 > MOST_DIGITS for count in counts),
        "twice": len(set(times)) < len(times),
        "month": times == ["month"],
        "long": len(text) > LONGEST,
        "characters": not all(_ALLOWED.fullmatch(part) for part in texts),
    }
    return next(((code, PROBLEMS[code]) for code, found in wrong.items() if found), None)


PROBLEMS: Mapping[str, str] = {
    "braces": N_("A brace { or } has no other half."),
    "place": N_("Between braces only {0000}, {YYYY}, {YY} and {MM} are known."),
    "count": N_("Write the running number once, as {0000}: each zero is a digit."),
    "digits": N_("The running number can have 10 digits at most."),
    "twice": N_("Write year and month only once each."),
    "month": N_("A month needs its year: else the numbers of next year would be the same."),
    "long": N_("At most 40 characters."),
    "characters": N_("Use letters, digits, spaces and - . / # _ only."),
}
