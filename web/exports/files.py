"""An export from the asked format to the answer: the file is made whole, noted in the log, and then sent.

It is made before the answer begins: so nothing has left the workspace that the log does not name with its number of
rows, and what goes wrong is told by a page and not by half a file. It lies in a temporary file without a name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import IO, Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, request
from werkzeug.wsgi import wrap_file

from saas_crm.access.audit_log import is_told
from saas_crm.access.exporting import begin_export, note_export
from saas_crm.access.naming import names_of
from saas_crm.access.numbering import has_numbers
from saas_crm.core.clock import now
from saas_crm.core.i18n import gettext as _
from saas_crm.core.money import minor_digits
from saas_crm.core.spreadsheets import MIME, About, Cell, Column, Format, write
from saas_crm.edge.current import current_member
from tenants.context import current_tenant
from tenants.db import AnyRow
from web.formatting import moment, number
from web.history.rooms import Room, Telling, as_amount, as_day, as_moment, filtered, ids_in, rooms, written
from web.lists import asked_choice

WIDTHS = {"name": 32, "description": 40, "body": 60, "email": 28, "website": 28, "id": 36, "what": 40, "changes": 60}
AS_TYPED = (as_day, as_moment, as_amount)
"""What these would write stays a date, a moment or a number in a spreadsheet."""
Maker = Callable[[AnyRow], Sequence[Cell]]


def fields_told(resource: str, fields: Iterable[str]) -> tuple[str, ...]:
    """Return the fields whose values the member may know."""
    member = current_member()
    numbers = has_numbers(member, resource)
    return tuple(name for name in fields if is_told(resource, name, member) and (numbers or name != "number"))


def columns_of(room: Room, fields: Sequence[str]) -> list[Column]:
    """Return the columns of these fields, by their labels in the reader's language."""
    labels = {**_times(), **room.labels()}
    return [Column(labels.get(name, name), WIDTHS.get(name, 18)) for name in fields]


def _times() -> dict[str, str]:
    return {
        "created_at": _("Added"), "updated_at": _("Last changed"), "last_activity_at": _("Last contact"),
        "at": _("When"), "currency": _("Currency"), "id": "ID",
    }  # fmt: skip


def cells_of(room: Room, fields: Sequence[str]) -> Maker:
    """Return what makes the cells of a row: dates and numbers as such, codes in words, the rest as it is."""
    zone, telling = ZoneInfo(current_member().timezone), Telling({}, current_tenant().currency)

    def writer(name: str) -> Callable[[Any], Cell]:
        own = room.writers.get(name)
        if own is None or own in AS_TYPED or name in room.refers:
            return lambda value: typed(value, zone)
        known: dict[Any, str] = {}  # of few different codes, countries and numbers

        def remembered(value: Any) -> str:
            if value not in known and len(known) < 50_000:
                known[value] = written(room, name, value, telling)
            return known.get(value) or written(room, name, value, telling)

        return remembered

    writers = [writer(name) for name in fields]
    return lambda row: [write_one(value) for write_one, value in zip(writers, row, strict=True)]


def typed(value: Any, zone: ZoneInfo) -> Cell:
    """Return a value as a cell: a moment in the reader's time zone, a list as one text."""
    if value.__class__ is str or value is None:
        return cast("Cell", value)
    if isinstance(value, datetime):
        return value.astimezone(zone).replace(tzinfo=None, microsecond=0)
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, Decimal):
        return value.quantize(Decimal(1).scaleb(-minor_digits(current_tenant().currency)))
    return str(value) if isinstance(value, UUID) else cast("Cell", value)


def export(
    resource: str, title: str, columns: Sequence[Column], rows: Callable[[], Iterable[Sequence[Cell]]],
    wanted: Mapping[str, Any],
) -> Response:  # fmt: skip
    """Make the file, note it in the log, and answer with it. Raises Forbidden, InvalidInput and TooManyAttempts.

    `wanted` is the filter: what of it is set is told in the file, and noted.
    """
    member, made = current_member(), now()
    begin_export(member, resource)
    asked = {name: value for name, value in wanted.items() if value not in (None, "", False)}
    kind = cast("Format", asked_choice("format", MIME, "xlsx"))
    said = _said(resource, asked)

    def lines(count: int) -> Mapping[str, str]:
        return {
            _("Content"): title, _("Rows"): number(count), _("Exported by"): f"{member.name} ({member.email})",
            _("Exported at"): f"{moment(made)} ({member.timezone})", _("Workspace"): current_tenant().name,
            _("Filter"): said,
        }  # fmt: skip

    file, count = write(kind, columns, rows(), About(title, member.name, lines))
    note_export(resource, rows=count, kind=kind, wanted=asked)
    return _answer(file, kind, _file_name(resource, kind, made))


def _said(resource: str, asked: Mapping[str, Any]) -> str:
    """Return the filter in words."""
    member, room = current_member(), rooms[resource]
    refers = {**room.refers, "member_id": "member"}
    names = names_of({kind: set(ids_in(asked[name])) for name, kind in refers.items() if name in asked}, member)
    told = Room(lambda: "", labels=lambda: {**_times(), **room.labels()}, writers=room.writers, refers=refers)
    return filtered(told, {name: _plain(value) for name, value in asked.items()}, Telling(names, ""))


def _plain(value: Any) -> Any:
    return moment(value) if isinstance(value, datetime) else value if isinstance(value, bool) else str(value)


def _file_name(resource: str, kind: str, made: datetime) -> str:
    member = current_member()
    stamp = made.astimezone(ZoneInfo(member.timezone)).strftime("%Y-%m-%d-%H%M")
    who = re.sub(r"\W+", "-", member.name).strip("-")[:40]
    return f"{resource}-{current_tenant().slug}-{stamp}-{who}.{kind}"


def _answer(file: IO[bytes], kind: str, name: str) -> Response:
    size = file.seek(0, 2)
    file.seek(0)
    response = Response(wrap_file(request.environ, file), content_type=MIME[kind], direct_passthrough=True)
    response.content_length = size
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.headers["Cache-Control"] = "no-store"
    return response
