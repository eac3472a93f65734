"""Entries of the audit log, ready to be shown: who, when, through what, and each field before and after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import url_for

from saas_crm.access.audit_log import as_whom, named_records, told_changes
from saas_crm.access.field_rules import may_write
from saas_crm.access.naming import Names, sees_all
from saas_crm.access.permissions import CurrentMember
from saas_crm.core.audit import BLANKED, plain
from saas_crm.core.i18n import gettext as _
from tenants.context import current_tenant
from tenants.db import AnyRow
from web.history.rooms import Room, Telling, ids_in, name_told, rooms, written
from web.history.words import browser_told, hows, labels_of_acts, verb, way

ICONS = {
    "create": "plus", "update": "pencil", "recycle": "trash-2", "restore": "rotate-ccw", "purge": "trash-2",
    "export": "download", "sign_in": "log-in", "sign_in_failed": "triangle-alert", "sign_out": "log-out",
    "sign_out_everywhere": "log-out", "signed_out": "log-out", "code_refused": "triangle-alert",
    "two_factor_on": "shield-check",
    "two_factor_off": "shield-check", "two_factor_reset": "shield-check", "recovery_code_used": "key-round",
    "recovery_codes_made": "key-round", "passkey_added": "key-round", "passkey_removed": "key-round",
    "passkey_refused": "triangle-alert", "password_change": "key-round", "password_reset": "key-round",
    "email_change_asked": "mail", "email_change": "mail", "email_change_undone": "rotate-ccw",
    "first_use": "key-round", "share": "users", "unshare": "users", "view_as": "eye", "view_as_end": "eye",
    "undo": "rotate-ccw", "choose_seats": "users", "seats": "users",
}  # fmt: skip


NOT_TO_RETURN = ("purged", BLANKED)
"""What entries keep instead of a value that is gone."""


@dataclass(frozen=True, slots=True)
class Change:
    """One field before and after; `returns` is its name where the value before can be put back."""

    label: str
    old: str
    new: str
    returns: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One act. `word` is the kind of record and `name` the record, "" where it is not told."""

    id: UUID
    at: datetime
    icon: str
    who: str
    as_whom: str
    verb: str
    word: str
    name: str
    href: str
    through: str
    origin: str
    is_change: bool = False
    erase_url: str = ""
    """Where a person can be erased whose record was deleted, for who may do that."""
    changes: list[Change] = field(default_factory=list)


def lines(rows: Sequence[AnyRow], member: CurrentMember, *, record: Any = None, may_return: bool = False) -> list[Line]:
    """Return the entries as lines. With the `record` whose history it is, values can be put back if one may."""
    names = named_records(rows, _references(rows), member)
    currency = getattr(record, "currency", None) or current_tenant().currency
    telling = Telling(names, currency)
    return [_line(row, telling, member, record if may_return else None) for row in rows]


def _references(rows: Sequence[AnyRow]) -> dict[str, set[UUID]]:
    wanted: dict[str, set[UUID]] = {}
    for row in rows:
        if row.resource == "pipeline" and row.record_id is not None:  # a stage's changes count as its pipeline's
            wanted.setdefault("stage", set()).add(row.record_id)
        refers = rooms[row.resource].refers if row.resource in rooms else {}
        for name, value in _values(row.changes):
            if name in refers:
                wanted.setdefault(refers[name], set()).update(ids_in(value))
    return wanted


def _values(changes: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield each value of each field, those of a filter as the fields they narrow."""
    for name, change in changes.items():
        for value in change if isinstance(change, list) else ():
            if name == "filter" and isinstance(value, dict):
                yield from value.items()
            else:
                yield name, value


def _line(row: AnyRow, telling: Telling, member: CurrentMember, record: Any) -> Line:
    room, names = rooms.get(row.resource), telling.names
    other = as_whom(row.origin)
    origin = row.origin or {}
    name, href = _record(row, room, names)
    return Line(
        id=row.id, at=row.at, icon=ICONS.get(row.action, "circle-dot"),
        who=row.member_name or origin.get("operator") or _("Nobody signed in"),
        as_whom=name_told(names, "member", other) if other else "", verb=verb(row.action),
        word=_word(row, room), name=name, href=href,
        through=way(row.through),
        origin=origin_told(origin),
        is_change=row.action == "update", erase_url=_erasing(row, member, record),
        changes=_changes(row, room or Room(lambda: ""), telling, member, record),
    )  # fmt: skip


def _word(row: AnyRow, room: Room | None) -> str:
    """Return what an act was about; "" where the act says so itself, as signing in does."""
    if row.resource == "session" and row.action.startswith(("sign_", "code_")):
        return ""
    return room.word() if room else str(row.resource.replace("_", " ").capitalize())


def origin_told(origin: Mapping[str, str]) -> str:
    """Return how, in which browser and from which address something was done, as far as it is known."""
    told = (hows().get(origin.get("how", "")), browser_told(origin.get("browser", "")), origin.get("address"))
    return _(", ").join(part for part in told if part)


def _erasing(row: AnyRow, member: CurrentMember, record: Any) -> str:
    """Return where the person can be erased whose record went into the bin or for good, "" where that is no matter.

    What went for good is known to who sees every contact; of who was erased already the values are blanked.
    """
    if row.resource != "contact" or row.action not in ("recycle", "purge") or not member.can("privacy:delete"):
        return ""
    if row.action == "purge" and not sees_all("contact", member):
        return ""
    gone = record is not None or any(BLANKED in change for change in row.changes.values() if isinstance(change, list))
    return "" if gone else url_for("privacy.preview", contact_id=row.record_id)


def _record(row: AnyRow, room: Room | None, names: Names) -> tuple[str, str]:
    """Return the name of the record that an entry is about and the address of its page, as far as told."""
    if row.record_id is None:
        return "", ""
    kind = "stage" if ("stage", row.record_id) in names and row.resource == "pipeline" else row.resource
    found = names.get((kind, row.record_id))
    if found is None:
        return "", ""
    endpoint, argument = room.page if room else ("", "")
    href = url_for(endpoint, **{argument: row.record_id}) if endpoint and not found.gone else ""
    return name_told(names, kind, row.record_id), href


def _changes(row: AnyRow, room: Room, telling: Telling, member: CurrentMember, record: Any) -> list[Change]:
    told, labels = told_changes(row, telling.names, member), {**labels_of_acts(), **room.labels()}
    found = []
    for name in (name for name in labels if name in told):
        change = told[name]
        if not labels[name] or not isinstance(change, list) or len(change) != 2:
            continue
        if isinstance(change[1], dict) and isinstance(change[0], dict):
            found += _entries(labels[name], room, change[0], change[1])
            continue
        old, new = (written(room, name, value, telling) for value in change)
        gone = _is_gone(room, name, change[0], telling)
        if gone and row.through == "job":  # what it referred to went out of the recycle bin
            old = _("removed for good")
        if old or new:
            back = may_write(member, row.resource, name, new=False) and not gone
            found.append(Change(labels[name], old, new, _returns(row, room, name, change[0], record) if back else ""))
    return found


def _is_gone(room: Room, name: str, old: Any, telling: Telling) -> bool:
    """Whether a former value refers to something that is not there, or not told: it cannot be put back."""
    kind = room.refers.get(name)
    return kind is not None and any((kind, one) not in telling.names for one in ids_in(old))


def _entries(label: str, room: Room, old: dict[str, Any], new: dict[str, Any]) -> list[Change]:
    """Return what changed inside a value of many entries, as a role's permissions are."""
    found = []
    for key in (key for key in sorted({*old, *new}) if old.get(key) != new.get(key)):
        (what, before), (_what, after) = (room.entry(key, values.get(key)) for values in (old, new))
        found.append(Change(_("%(field)s: %(entry)s", field=label, entry=what), before, after))
    return found


def _returns(row: AnyRow, room: Room, name: str, old: Any, record: Any) -> str:
    """Return the field's name if its former value can be offered: a change of a field that a form has."""
    if record is None or room.returning is None or row.action != "update" or old in NOT_TO_RETURN:
        return ""
    is_so_now = plain(getattr(record, name, row)) == old
    return name if name in room.returning.schema.model_fields and not is_so_now else ""
