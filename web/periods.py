"""Financial years and quarters in words, and those that a list of deals can be narrowed to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from saas_crm.core.fiscal import Period, quarter_of, year_of
from saas_crm.core.i18n import gettext as _

_QUARTERS: Mapping[str, int] = {"this-quarter": 0, "next-quarter": 1, "last-quarter": -1}
_YEARS: Mapping[str, int] = {"this-year": 0, "next-year": 1, "last-year": -1}
CHOICES = (*_QUARTERS, *_YEARS)
"""What an address says for a period, as seen from today."""


def period_name(period: Period) -> str:
    """Write a quarter or a year: "Q1 2026", and where the year is not the calendar's "FY 2026/27 Q1"."""
    told = {"year": period.year, "quarter": period.quarter}
    if period.quarter:
        return _("Q%(quarter)s %(year)s", **told) if period.is_calendar else _("FY %(year)s Q%(quarter)s", **told)
    return period.year if period.is_calendar else _("FY %(year)s", **told)


def period_asked(name: str, today: date, begins: int) -> Period | None:
    """Return the period that one of the CHOICES names, None for another word."""
    if name in _QUARTERS:
        return quarter_of(today, begins, later=_QUARTERS[name])
    return year_of(today, begins, later=_YEARS[name]) if name in _YEARS else None


def period_choices(today: date, begins: int) -> list[tuple[str, str]]:
    """Return the choices with their words: "This quarter (FY 2026/27 Q1)"."""
    words = {
        "this-quarter": _("This quarter"), "next-quarter": _("Next quarter"), "last-quarter": _("Last quarter"),
        "this-year": _("This financial year"), "next-year": _("Next financial year"),
        "last-year": _("Last financial year"),
    }  # fmt: skip
    found = ((name, period_asked(name, today, begins)) for name in CHOICES)
    return [
        (name, _("%(name)s (%(detail)s)", name=words[name], detail=period_name(period)))
        for name, period in found if period is not None
    ]  # fmt: skip
