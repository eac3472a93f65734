"""Who changed a record last, and what: read from the audit rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, select

from saas_crm.access.models import Member
from saas_crm.core.audit import BLANKED, AuditEntry
from saas_crm.core.errors import VersionConflict
from saas_crm.core.records import Record
from tenants.db import AnyRow, db

MOST = 50
SAVES = ("update", "recycle", "restore", "erase")
"""The acts by which a record gets another version."""
ASIDE = "contact_ids"
"""What belongs to a record and is no column of it: it is noted by itself."""
GONE = (BLANKED, "purged")
"""What entries keep instead of a value that is no more."""


class Change(NamedTuple):
    """Who changed a record, by name and id ("" and None when no member did), and when."""

    who: str
    at: datetime
    member_id: UUID | None


def last_change(record: Record) -> Change | None:
    """Return who changed a record last, and when; None without any change."""
    query = (
        select(Member.name, AuditEntry.at, AuditEntry.member_id)
        .select_from(AuditEntry)
        .outerjoin(Member, Member.id == AuditEntry.member_id)
        .where(*_of(record))
        .order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
        .limit(1)
    )
    row = db.session.execute(query).one_or_none()
    return Change(row[0] or "", row[1], row[2]) if row else None


def values_since(record: Record, version: int) -> dict[str, Any] | None:
    """Return what the fields changed since `version` held then, as the audit keeps values: what an editor began with.

    None where the log cannot tell for sure: a save without its entry or an entry without its save, more than MOST
    saves, entries that are gone, values that were erased. Who merges two changes must not guess then.
    """
    saves = record.version - version
    if saves <= 0:
        return {} if saves == 0 else None
    if saves > MOST:
        return None
    query = (
        select(AuditEntry.action, AuditEntry.at, AuditEntry.changes)
        .where(*_of(record), AuditEntry.action.in_(SAVES))
        .order_by(AuditEntry.id.desc())  # made with the save; `at` is when its transaction began, which may be earlier
        .limit(2 * saves + 1)
    )
    steps = _steps(db.session.execute(query).all())[:saves]
    if len(steps) < saves or not _made_last(steps[0], record) or any(step.action == "erase" for step in steps):
        return None
    return _before(steps)


def check_still(record: Record) -> None:
    """Raise VersionConflict if a record that was read has been saved once more meanwhile."""
    model = type(record)
    if db.session.scalar(select(model.version).where(model.id == record.id)) != record.version:
        raise VersionConflict(record)


class _Step(NamedTuple):
    """One save: when, and what it changed, each field with old and new value."""

    action: str
    at: datetime
    changes: dict[str, list[Any]]


def _steps(entries: Sequence[AnyRow]) -> list[_Step]:
    """Return the saves, newest first. The people of a deal have an entry of their own beside that of its columns."""
    found: list[_Step] = []
    for row in entries:
        if found and found[-1].at == row.at and set(found[-1].changes) == {ASIDE}:
            found[-1] = _Step(row.action, row.at, {**row.changes, **found[-1].changes})
        else:
            found.append(_Step(row.action, row.at, dict(row.changes)))
    return found


def _made_last(step: _Step, record: Record) -> bool:
    """Whether a save is the one that made the record what it is: both were written in one transaction."""
    return step.at == record.updated_at or ASIDE in step.changes


def _before(steps: Sequence[_Step]) -> dict[str, Any] | None:
    former: dict[str, Any] = {}
    for step in steps:
        former.update({name: change[0] for name, change in step.changes.items()})
    return None if any(value in GONE for value in former.values() if isinstance(value, str)) else former


def _of(record: Record) -> tuple[ColumnElement[bool], ...]:
    return AuditEntry.record_id == record.id, AuditEntry.resource == record.__resource__
