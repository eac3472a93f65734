"""Working hours as their form has them: from and to for each day of the week."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Any

from babel import Locale
from flask import request

from saas_crm.access.team_schemas import WEEKDAYS, HoursWrite
from saas_crm.core.errors import InvalidInput
from saas_crm.core.forms import parse
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import pgettext, spoken

Hours = Mapping[str, list[str]] | None


PRESETS: tuple[tuple[Sequence[str], str, str], ...] = (
    (WEEKDAYS[:5], "09:00", "17:00"), (WEEKDAYS[:5], "09:00", "18:00"), (WEEKDAYS[:6], "09:00", "18:00"),
)  # fmt: skip
"""What most people work, to fill the form with in one go."""


@lru_cache(16)
def _names(locale: str, width: str = "wide") -> tuple[str, ...]:
    days = Locale.parse(locale).days["stand-alone"][width]
    return tuple(days[number] for number in range(7))


def weekdays() -> list[tuple[str, str]]:
    """Return code and name of the days, Monday first."""
    return list(zip(WEEKDAYS, _names(spoken()), strict=True))


def hours_values(hours: Hours) -> dict[str, str]:
    """Return the fields of the form: `mon_from`, `mon_to` …"""
    return {
        f"{day}_{end}": times[number]
        for day, times in (hours or {}).items()
        for number, end in enumerate(("from", "to"))
    }


def hours_line(hours: Hours) -> str:
    """Return all hours in one line, days in a row that are worked alike together; "" for none.

    Such as "Mon–Fri 09:00–17:00, Sat 10:00–14:00".
    """
    short = dict(zip(WEEKDAYS, _names(spoken(), "abbreviated"), strict=True))
    alike = groupby(WEEKDAYS, key=(hours or {}).get)
    runs = [(list(days), times) for times, days in alike if times]
    return _(", ").join(f"{_run([short[day] for day in days])} {'–'.join(times)}" for days, times in runs)


def _run(days: Sequence[str]) -> str:
    if len(days) < 3:
        return _(", ").join(days)
    return pgettext("days", "%(first)s–%(last)s", first=days[0], last=days[-1])


def hours_told(hours: Hours) -> dict[str, Any]:
    """Return what a member's page tells of hours: the days, all in one line, and what fills the form in one go.

    Each of `hours_presets` is its words and the form's fields.
    """
    presets: list[dict[str, list[str]]] = [{day: [begin, end] for day in days} for days, begin, end in PRESETS]
    return {
        "days": weekdays(), "hours_line": hours_line(hours),
        "hours_presets": [(hours_line(one), hours_values(one)) for one in presets],
    }  # fmt: skip


def hours_from_form() -> HoursWrite:
    """Read the form; a day with neither time is free. Raises InvalidInput by field, `mon_from` or `mon_to`."""
    sent: dict[str, list[str]] = {}
    errors: dict[str, str] = {}
    for day in WEEKDAYS:
        begin, end = (request.form.get(f"{day}_{which}", "").strip()[:5] for which in ("from", "to"))
        if begin and end:
            sent[day] = [begin, end]
        elif begin or end:
            errors[f"{day}_{'to' if begin else 'from'}"] = _("This is needed.")
    try:
        data = parse(HoursWrite, {"working_hours": sent or None})
    except InvalidInput as invalid:
        errors |= {_field(where): message for where, message in invalid.errors.items()}
    if errors:
        raise InvalidInput(errors)
    return data


def _field(where: str) -> str:
    """Return the field that an entry such as `working_hours.mon.1` is about."""
    parts = where.split(".")
    return f"{parts[1]}_{'from' if parts[2:] == ['0'] else 'to'}" if len(parts) > 1 else ""
