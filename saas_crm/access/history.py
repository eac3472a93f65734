"""Who changed a record last, and what: read from the audit rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, select

from saas_crm.access.models import Member
from saas_crm.core.audit import AuditEntry
from saas_crm.core.records import Record
from tenants.db import db

MOST = 50


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


def former_values(record: Record, saves: int) -> dict[str, Any]:
    """Return what the fields changed by the last `saves` saves held before them, as the audit keeps values.

    At most MOST saves are looked at.
    """
    if saves <= 0:
        return {}
    query = (
        select(AuditEntry.changes)
        .where(*_of(record), AuditEntry.action != "create")
        .order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
        .limit(min(saves, MOST))
    )
    former: dict[str, Any] = {}
    for changes in db.session.scalars(query):
        former.update({name: change[0] for name, change in changes.items()})
    return former


def _of(record: Record) -> tuple[ColumnElement[bool], ...]:
    return AuditEntry.record_id == record.id, AuditEntry.resource == record.__resource__
