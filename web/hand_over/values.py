"""The values of briefs as the reader writes them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from saas_crm.core.i18n import gettext as _
from saas_crm.core.money import Money
from saas_crm.hand_over.briefs import PLACES, Brief, Line, Phone, Word
from web.activities.words import kind_label, outcome_label
from web.customers.values import lifecycles
from web.formatting import country_name, day, dotted, moment, money, phone


def written(value: Any) -> str:
    """Return a value of a brief as text."""
    if isinstance(value, Phone):
        return phone(value.number)
    if isinstance(value, Word):
        return _word(value)
    if isinstance(value, Money):
        return money(value)
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return day(value)
    return str(value or "")


def _word(value: Word) -> str:
    if value.list == "activity":
        return kind_label(value.code)
    if value.list == "outcome":
        return outcome_label(value.code)
    if value.list == "lifecycle":
        return dict(lifecycles()).get(value.code, value.code)
    return country_name(value.code) if value.list == "country" else value.code


def titles() -> dict[str, str]:
    """Return what the sections of a brief are called."""
    return {
        "who": _("Who they are"), "next": _("Next step"), "open": _("What was promised and is open"),
        "deals": _("Open deals"), "people": _("Who one talks to"), "last": _("Last contacts"),
    }  # fmt: skip


def sections(brief: Brief) -> list[tuple[str, str, list[tuple[str, str, str]]]]:
    """Return key, title and lines (label, values, text) of the sections that have any, in their order."""
    named = titles() | ({"who": _("The deal")} if brief.resource == "opportunity" else {})
    shown: list[tuple[str, str, list[tuple[str, str, str]]]] = []
    for place in PLACES:
        lines = _lines(brief.sections.get(place, ()))
        if lines or place in ("next", "last"):
            shown.append((place, named[place], lines))
    return shown


def _lines(lines: Sequence[Line]) -> list[tuple[str, str, str]]:
    found = [(line.label, dotted(*(written(value) for value in line.values)), line.text.strip()) for line in lines]
    return [line for line in found if line[1] or line[2]]
