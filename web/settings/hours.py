"""Working hours as their form has them: from and to for each day of the week."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from babel import Locale
from flask import request

from saas_crm.access.team_schemas import WEEKDAYS, HoursWrite
from saas_crm.core.errors import InvalidInput
from saas_crm.core.forms import parse
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import spoken

Hours = Mapping[str, list[str]] | None


@lru_cache(8)
def _names(locale: str) -> tuple[str, ...]:
    days = Locale.parse(locale).days["stand-alone"]["wide"]
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


def hours_shown(hours: Hours) -> list[dict[str, str]]:
    """Return the days with what is worked on each, "" for a free one."""
    return [{"code": day, "name": name, "text": " – ".join((hours or {}).get(day, ()))} for day, name in weekdays()]


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
