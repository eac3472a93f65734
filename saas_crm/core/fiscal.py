"""Financial years and their quarters, from the month a year begins in: pure, with whole months only.

How a year is called: by both calendar years it lies in, "2026/27", and one that is the calendar year by that alone,
"2026". A name with one year would mean two things: the United States name a financial year by the year it ends in
(OMB Circular A-11, section 20.3), Japan and India by the one it begins in; the span is what the United Kingdom writes
(Companies House, HMRC) and is read the same everywhere. Quarters are a year's four spans of three months, Q1 first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

MONTHS = range(1, 13)
CALENDAR = 1
"""The month in which the calendar year begins."""


@dataclass(frozen=True, slots=True)
class Period:
    """A financial year, or with `quarter` (1 to 4) one of its quarters: from `first` to the day before `after`."""

    first: date
    after: date
    year: str
    quarter: int = 0

    @property
    def is_calendar(self) -> bool:
        """Whether the year is the calendar's."""
        return "/" not in self.year


def year_begun(day: date, begins: int) -> int:
    """Return the calendar year in which the financial year that holds a day began."""
    return day.year if day.month >= begins else day.year - 1


def year_name(begun: int, begins: int) -> str:
    """Return what a financial year is called that began in a calendar year: "2026", "2026/27", "1999/2000"."""
    if begins == CALENDAR:
        return str(begun)
    ends = begun + 1
    return f"{begun}/{ends:04d}" if ends % 100 == 0 else f"{begun}/{ends % 100:02d}"


def year_of(day: date, begins: int, *, later: int = 0) -> Period:
    """Return the financial year that holds a day, or one so many years later; raises OverflowError beyond the calendar.

    `begins` is the month (1 to 12) on whose first day years begin.
    """
    begun = year_begun(day, begins) + later
    return Period(_month(begun, begins), _month(begun, begins + 12), year_name(begun, begins))


def quarter_of(day: date, begins: int, *, later: int = 0) -> Period:
    """Return the quarter that holds a day, or one so many quarters later; raises OverflowError as `year_of` does."""
    passed = (day.month - begins) % 12 // 3 + later
    begun, number = year_begun(day, begins) + passed // 4, passed % 4
    first = begins + 3 * number
    return Period(_month(begun, first), _month(begun, first + 3), year_name(begun, begins), number + 1)


def _month(year: int, month: int) -> date:
    """Return the first day of a month, counted on from the January of a year."""
    try:
        return date(year + (month - 1) // 12, (month - 1) % 12 + 1, 1)
    except ValueError:
        raise OverflowError(f"no calendar has the year {year}") from None
