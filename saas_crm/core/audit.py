"""Every change leaves a row: who, when, through what, old and new. Append-only for the tenant's role."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Index, event, func, inspect
from sqlalchemy.dialects.postgresql import JSONB, Insert, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from saas_crm.core.records import Record
from tenants.context import ActiveTenant, tenant_or_none
from tenants.db import TenantModel, db, new_id
from tenants.one_at_a_time import step_in
from tenants.versions import lacks_tables

BLANKED = "***"
"""What stands in an entry instead of a value that was erased with a person."""


class AuditEntry(TenantModel):
    """One act on one record."""

    __tablename__ = "audit_log"
    __table_args__ = (
        Index("ix_audit_log_record_id_at", "record_id", "at"),
        Index("ix_audit_log_at", "at"),
        Index("ix_audit_log_member_id_at", "member_id", "at"),
        Index("ix_audit_log_resource_at", "resource", "at"),
        Index("ix_audit_log_action_at", "action", "at"),
    )
    # A workspace that is a release behind has no `origin` yet, so it is neither written nor asked back unless told.
    __mapper_args__ = {"eager_defaults": False}  # noqa: RUF012 - SQLAlchemy's own protocol

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    member_id: Mapped[UUID | None]
    through: Mapped[str]
    request_id: Mapped[str | None]
    action: Mapped[str]
    resource: Mapped[str]
    record_id: Mapped[UUID | None]
    changes: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    origin: Mapped[dict[str, str]] = mapped_column(JSONB, server_default="{}", deferred=True)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts in this session and through what: "web", "api", "job", "command", "import".

    `origin` says from where ("address", "browser") and as whom ("as", a member's id), as far as it is known.
    """

    member_id: UUID | None
    through: str
    request_id: str | None = None
    origin: Mapping[str, str] = field(default_factory=dict)


def act_as(session: Session, actor: Actor) -> None:
    """Name the actor for everything this session will change."""
    session.info["actor"] = actor


def acting(session: Session) -> Actor:
    """Return who acts in this session; an unnamed actor is a command."""
    actor: Actor = session.info.get("actor") or Actor(None, "command")
    return actor


def record_beside(
    connection: Connection, tenant: ActiveTenant, action: str, changes: dict[str, Any] | None = None
) -> None:
    """Write the audit row for what befalls a workspace in shared tables, in that transaction: the tenant's from now on.

    Whoever acts in the present session did it.
    """
    with step_in(connection, tenant) as session:
        act_as(session, acting(db.session()))
        record_act(session, action, "workspace", tenant.id, changes)


def record_act(
    session: Session,
    action: str,
    resource: str,
    record_id: UUID | None,
    changes: dict[str, Any] | None = None,
) -> None:
    """Write an audit row for an act that is no change of a record's columns (a sign-in, an export)."""
    actor = acting(session)
    entry = AuditEntry(
        member_id=actor.member_id, through=actor.through, request_id=actor.request_id,
        action=action, resource=resource, record_id=record_id, changes=changes or {},
    )  # fmt: skip
    if actor.origin and keeps_origin():
        entry.origin = dict(actor.origin)
    session.add(entry)


def record_acts(session: Session, action: str, resource: str, record_ids: Iterable[UUID]) -> None:
    """Write an audit row for an act on each of many records, which says nothing of their values; all at once."""
    record_each(session, action, resource, ((record_id, {}) for record_id in record_ids))


def record_each(
    session: Session, action: str, resource: str, told: Iterable[tuple[UUID, Mapping[str, Any]]]
) -> None:  # fmt: skip
    """Write an audit row for each of many acts, with the record and what was changed in it; all at once.

    However many: they are parameters of one row after the other, not of one statement, which takes 65,535 at most.
    """
    if rows := _rows(session, action, resource, told):
        session.execute(insert(AuditEntry), rows)


def acts(session: Session, action: str, resource: str, changes: Mapping[UUID, Mapping[str, Any]]) -> Insert:
    """Return the statement that writes an audit row for an act on each of these records: a few hundred at most.

    `add_cte` joins to it the writing that it tells of, so that both are one statement.
    """
    return insert(AuditEntry).values(_rows(session, action, resource, changes.items()))


def _rows(
    session: Session, action: str, resource: str, told: Iterable[tuple[UUID, Mapping[str, Any]]]
) -> list[dict[str, Any]]:  # fmt: skip
    actor = acting(session)
    values: dict[str, Any] = {
        "member_id": actor.member_id, "through": actor.through, "request_id": actor.request_id, "action": action,
        "resource": resource,
    }  # fmt: skip
    if actor.origin and keeps_origin():
        values["origin"] = dict(actor.origin)
    return [{**values, "id": new_id(), "record_id": key, "changes": dict(said)} for key, said in told]


def record_once(
    session: Session, action: str, resource: str, *, entry_id: UUID, at: datetime, record_id: UUID | None = None,
    changes: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """Write an audit row for an act of some moments ago, unless the row with this id is there already."""
    actor = acting(session)
    values: dict[str, Any] = {
        "id": entry_id, "at": at, "member_id": actor.member_id, "through": actor.through, "action": action,
        "resource": resource, "record_id": record_id, "changes": dict(changes or {}),
    }  # fmt: skip
    if actor.origin and keeps_origin():
        values["origin"] = dict(actor.origin)
    session.execute(insert(AuditEntry).values(values).on_conflict_do_nothing())


def keeps_origin() -> bool:
    """Whether the tenant that speaks has a column for the origin of an act: one that is a release behind has none."""
    tenant = tenant_or_none()
    return tenant is not None and not lacks_tables(tenant)


@event.listens_for(Session, "before_flush")
def _audit_changes(session: Session, _context: Any, _instances: Any) -> None:
    for record in list(session.new):
        if isinstance(record, Record):
            if record.id is None:
                record.id = new_id()
            record_act(session, "create", record.__resource__, record.id, _made(record))
    for record in list(session.dirty):
        if isinstance(record, Record) and (changes := _changed(record)):
            record_act(session, _verb(changes), record.__resource__, record.id, changes)
    for record in list(session.deleted):
        if isinstance(record, Record):
            record_act(session, "purge", record.__resource__, record.id, gone(record))


def _made(record: Record) -> dict[str, Any]:
    values = {a.key: plain(getattr(record, a.key)) for a in inspect(record).mapper.column_attrs}
    return {k: [None, v] for k, v in values.items() if v not in (None, "", []) and k not in record.__unaudited__}


def gone(record: Record) -> dict[str, Any]:
    """Return what a record said that is deleted, as far as it is at hand: for its entry in the log."""
    known = inspect(record).dict
    names = [a.key for a in inspect(record).mapper.column_attrs if a.key in known and a.key not in record.__unaudited__]
    return {name: [plain(known[name]), None] for name in names if known[name] not in (None, "", []) and name != "id"}


def _changed(record: Record) -> dict[str, Any]:
    changes = {}
    state = inspect(record)
    for column in state.mapper.column_attrs:
        history = state.attrs[column.key].history
        if column.key in record.__unaudited__ or not history.has_changes():
            continue
        old = plain(history.deleted[0]) if history.deleted else None
        new = plain(history.added[0]) if history.added else None
        if old != new:
            changes[column.key] = [old, new]
    return changes


def _verb(changes: dict[str, Any]) -> str:
    if "deleted_at" in changes:
        return "recycle" if changes["deleted_at"][1] else "restore"
    return "update"


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it without losing a digit."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, UUID | Decimal):
        return str(value)
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return value
