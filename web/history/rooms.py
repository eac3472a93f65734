"""What each room tells of its records' history: labels, how values read, and how one is put back.

A room registers each kind of record once (`web/<room>/history.py`); nothing here knows which there are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from saas_crm.access.naming import Names
from saas_crm.access.permissions import CurrentMember
from saas_crm.core.forms import Input
from saas_crm.core.i18n import LANGUAGES, spoken
from saas_crm.core.i18n import gettext as _
from web.formatting import country_name, day, moment, money, number, phone
from web.history.words import ends_of_viewing, labels_of_filters, levels
from web.settings.role_names import role_name

LONGEST = 2_000  # characters of one value that a line shows


@dataclass(frozen=True, slots=True)
class Telling:
    """What is known while a value is written: the names of what it may refer to, and the currency of amounts."""

    names: Names
    currency: str


Writer = Callable[[Any, Telling], str]


@dataclass(frozen=True, slots=True)
class Returning:
    """How a former value of a record is put back: as the change that its own form would make.

    `read` turns a value as the audit keeps it into what the schema reads.
    """

    load: Callable[[UUID, CurrentMember], Any]
    schema: type[Input]
    update: Callable[..., Any]
    read: Callable[[str, Any, Any], Any] = lambda _name, value, _record: value


@dataclass(frozen=True, slots=True)
class Room:
    """One kind of record: its word, its fields' labels, and how their values are written where not as they are.

    `refers` names the kinds of records that fields refer to; `page` is the endpoint of a record and its argument.
    `entry` tells one entry of a value that has many, as permissions are: what it is called, and how its value reads.
    """

    word: Callable[[], str]
    labels: Callable[[], Mapping[str, str]] = dict
    writers: Mapping[str, Writer] = field(default_factory=dict)
    refers: Mapping[str, str] = field(default_factory=dict)
    page: tuple[str, str] = ("", "")
    returning: Returning | None = None
    entry: Callable[[str, Any], tuple[str, str]] = lambda key, value: (key, str(value or ""))


rooms: dict[str, Room] = {}


def tells(resource: str, room: Room) -> None:
    """Register a kind of record."""
    rooms[resource] = room


def written(room: Room, name: str, value: Any, telling: Telling, longest: int | None = LONGEST) -> str:
    """Return a value of a field as people read it, "" for none; not more than `longest` characters of it."""
    if value in (None, "", [], {}):
        return ""
    if name in room.refers:
        return _referred(room.refers[name], value, telling)
    if name == "filter" and isinstance(value, dict):
        return filtered(room, value, telling)
    writer = room.writers.get(name) or OF_ACTS.get(name, plain)
    try:
        return writer(value, telling)[:longest]
    except (ValueError, TypeError, KeyError, InvalidOperation):
        return str(value)[:longest]  # kept before the field was what it is now


def filtered(room: Room, asked: Mapping[str, Any], telling: Telling) -> str:
    """Return what a list was narrowed to: each field with what was asked of it."""
    labels = {**labels_of_filters(), **room.labels()}
    parts = ((labels.get(name, name), written(room, name, value, telling)) for name, value in asked.items())
    return "; ".join(_("%(field)s: %(entry)s", field=label, entry=words) for label, words in parts)


def ids_in(value: Any) -> list[UUID]:
    """Return the ids that a value of a reference, or of a list of them, holds."""
    found = []
    for one in value if isinstance(value, list) else [value]:
        try:
            found.append(UUID(str(one)))
        except ValueError:
            continue
    return found


def _referred(kind: str, value: Any, telling: Telling) -> str:
    return ", ".join(name_told(telling.names, kind, one) for one in ids_in(value)) or _("removed for good")


def name_told(names: Names, kind: str, record_id: UUID) -> str:
    """Return what a record is called, or that this is not told: also of one that is gone for good."""
    found = names.get((kind, record_id))
    if found is None:
        return _("not visible to you")
    if kind == "role":
        return role_name(found.code or None, found.name)
    return found.names.get(spoken()) or found.name or _("without a name")


def plain(value: Any, _telling: Telling) -> str:
    """Write a text, a number, yes or no, or a list of texts."""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{key}: {one}" for key, one in sorted(value.items()))
    return number(value) if isinstance(value, int) else str(value)


def chosen(words: Callable[[], Mapping[str, str]]) -> Writer:
    """Return what writes a code in words."""
    return lambda value, _telling: words().get(value, str(value))


def by_language(value: Any, _telling: Telling) -> str:
    """Write the names that something has in several languages."""
    return ", ".join(f"{LANGUAGES.get(code, code)}: {name}" for code, name in sorted(value.items()))


def _as_share(value: Any, _telling: Telling) -> str:
    """Write with whom something is shared, and what they may do."""
    name, level = value
    return _("%(name)s (%(level)s)", name=name or _("Nobody"), level=levels().get(level, level))


def as_day(value: Any, _telling: Telling) -> str:
    """Write a date."""
    return day(date.fromisoformat(value))


def as_moment(value: Any, _telling: Telling) -> str:
    """Write a date and a time."""
    return moment(datetime.fromisoformat(value))


def as_amount(value: Any, telling: Telling) -> str:
    """Write an amount in the record's currency."""
    return money(Decimal(value), telling.currency)


def as_phone(value: Any, _telling: Telling) -> str:
    """Write a phone number."""
    return phone(value)


def as_country(value: Any, _telling: Telling) -> str:
    """Write a country's name."""
    return country_name(value)


OF_ACTS: Mapping[str, Writer] = {
    "format": chosen(lambda: {"csv": "CSV", "xlsx": "Excel", "pdf": "PDF", "html": _("Page"), "json": "JSON"}),
    "account_team": _as_share, "why": chosen(ends_of_viewing),
}  # fmt: skip
"""How what acts note beside the fields of records is written."""
