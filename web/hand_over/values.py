"""The values of briefs as the reader writes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from markupsafe import Markup, escape

from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import ngettext
from saas_crm.core.money import Money
from saas_crm.hand_over.briefs import PLACES, Brief, Line, Mail, More, Phone, Word
from tenants.veils import is_veiled
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
    return str((value.address if isinstance(value, Mail) else value) or "")


def linked(value: Any) -> str:
    """Return a value of a brief for a page: a number dials and an address writes, where the reader may know them."""
    text = written(value)
    if not text or not isinstance(value, Phone | Mail) or is_veiled(value[0]):
        return text
    scheme, kind = ("tel", "phone") if isinstance(value, Phone) else ("mailto", "tap")
    return Markup('<a class="{}" href="{}:{}">{}</a>').format(kind, scheme, value[0], text)


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
        "notes": _("Last notes"),
    }  # fmt: skip


class Section(NamedTuple):
    """A section as it is shown: lines of label, values and text, and in words how many more there are."""

    place: str
    title: str
    lines: list[tuple[str, str, str]]
    more: str


def sections(brief: Brief, write: Callable[[Any], str] = written) -> list[Section]:
    """Return the sections that have any lines, in their order; a missing next step or contact is told as such."""
    named = titles() | ({"who": _("The deal")} if brief.resource == "opportunity" else {})
    shown = []
    for place in PLACES:
        told = brief.sections.get(place, ())
        lines = _lines([line for line in told if not _is_more(line)], write)
        if lines or place in ("next", "last"):
            shown.append(Section(place, named[place], lines, _more(told)))
    return shown


def _is_more(line: Line) -> bool:
    return bool(line.values) and isinstance(line.values[0], More)


def _more(lines: Sequence[Line]) -> str:
    cut = [line.values[0] for line in lines if _is_more(line)]
    number = sum(one.number for one in cut)
    if any(one.at_least for one in cut):
        return ngettext("and at least %(num)s more entry", "and at least %(num)s more entries", number)
    return ngettext("and %(num)s more entry", "and %(num)s more entries", number) if number else ""


def _lines(lines: Sequence[Line], write: Callable[[Any], str]) -> list[tuple[str, str, str]]:
    found = [(line.label, _beside([write(value) for value in line.values]), line.text.strip()) for line in lines]
    return [line for line in found if line[1] or line[2]]


def _beside(words: Sequence[str]) -> str:
    """Join the values of a line; where one is markup, the line is."""
    if not any(isinstance(word, Markup) for word in words):
        return dotted(*words)
    return Markup(dotted(*(str(escape(word)) for word in words)))  # noqa: S704 - each part is escaped
