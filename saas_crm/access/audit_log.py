"""The audit log as members read it: of one record, and of the workspace within the reader's scope."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, any_, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

from saas_crm.access.audit_search import about_field, by_hand_over, part_of, stands_alone
from saas_crm.access.field_rules import may_know
from saas_crm.access.models import Member
from saas_crm.access.naming import Names, is_guarded, names_of, sees_all
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.visibility import owned_within
from saas_crm.core.audit import AuditEntry
from saas_crm.core.errors import NotFound
from saas_crm.core.keyset import CURSOR, Order, Page, cursor_columns, cut, page
from tenants.db import AnyRow, AnySelect, fetch

ORDERS = {"-at": Order(AuditEntry.at, descending=True)}
_NAME = select(Member.name).where(Member.id == AuditEntry.member_id).correlate(AuditEntry).scalar_subquery()
ENTRY = (
    AuditEntry.id, AuditEntry.at, AuditEntry.member_id, _NAME.label("member_name"), AuditEntry.through,
    AuditEntry.action, AuditEntry.resource, AuditEntry.record_id, AuditEntry.changes, AuditEntry.origin,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What the log is narrowed to; empty fields do not narrow. `before` is the first moment that is out again."""

    member_id: UUID | None = None
    action: str = ""
    resource: str = ""
    record_id: UUID | None = None
    through: str = ""
    since: datetime | None = None
    before: datetime | None = None
    q: str = ""
    """Words that were searched for; `records` is what they found."""
    records: tuple[UUID, ...] | None = None
    field: str = ""
    """A field with its kind of record: "contact.phone"."""
    part_of: UUID | None = None
    """The entry of a hand-over, for what it gave to somebody else."""

    @property
    def narrows(self) -> bool:
        """Whether any filter is set."""
        return self != AuditFilter()

    @property
    def folds(self) -> bool:
        """Whether the entry of a hand-over stands for all that it did: where it is among what was asked for."""
        return not (
            self.action or self.resource or self.record_id or self.field or self.part_of or self.records is not None
        )


def entries(
    member: CurrentMember, wanted: AuditFilter, *, columns: Sequence[Any] = ENTRY, after: Sequence[Any] | None = None,
    limit: int = 50, folded: bool = False,
) -> Page[AnyRow]:  # fmt: skip
    """Return one page of the acts within the member's scope, newest first. Raises Forbidden.

    With `folded` what hand-overs did to single records is left out, where their own entries tell of it.
    """
    order = ORDERS["-at"]
    query = narrowed(member, wanted, "read", (*columns, *cursor_columns(order, AuditEntry.id)))
    if folded and wanted.folds:
        query = query.where(stands_alone())
    return cut(fetch(page(query, order, AuditEntry.id, after=after, limit=limit)), limit, *CURSOR)


def narrowed(member: CurrentMember, wanted: AuditFilter, action: str, columns: Sequence[Any] = ENTRY) -> AnySelect:
    """Return the query of the acts the member may "read" or "export", and asked for; raises Forbidden.

    Scope `all` holds everything, what jobs and commands did too; a narrower one what members within it did.
    """
    query = select(*columns).where(owned_within(AuditEntry.member_id, member, member.require(f"audit:{action}")))
    for name in ("member_id", "action", "resource", "record_id", "through"):
        if value := getattr(wanted, name):
            query = query.where(getattr(AuditEntry, name) == value)
    if wanted.since:
        query = query.where(AuditEntry.at >= wanted.since)
    if wanted.before:
        query = query.where(AuditEntry.at < wanted.before)
    if wanted.records is not None:
        query = query.where(AuditEntry.record_id == any_(literal(list(wanted.records), ARRAY(Uuid))))
    if wanted.field:
        query = query.where(about_field(wanted.field, member))
    return query.where(part_of(wanted.part_of)) if wanted.part_of else query


def history(
    resource: str, record_id: UUID, *, after: Sequence[Any] | None = None, limit: int = 25
) -> Page[AnyRow]:  # fmt: skip
    """Return one page of what was done with a record, newest first. The caller has loaded it as visible.

    `hand_over_id` is the hand-over by which it changed hands, None for any other act.
    """
    order = ORDERS["-at"]
    query = _of(resource, record_id, (*ENTRY, by_hand_over(), *cursor_columns(order, AuditEntry.id)))
    return cut(fetch(page(query, order, AuditEntry.id, after=after, limit=limit)), limit, *CURSOR)


def history_entry(resource: str, record_id: UUID, entry_id: UUID) -> AnyRow:
    """Return one act on a record that the caller has loaded as visible; raises NotFound."""
    found = fetch(_of(resource, record_id, ENTRY).where(AuditEntry.id == entry_id)).one_or_none()
    if found is None:
        raise NotFound
    return found


def _of(resource: str, record_id: UUID, columns: Sequence[Any]) -> AnySelect:
    return select(*columns).where(AuditEntry.record_id == record_id, AuditEntry.resource == resource)


def named_records(rows: Sequence[AnyRow], references: Mapping[str, set[UUID]], member: CurrentMember) -> Names:
    """Return the names of the records that entries are about, and of those their values refer to, as far as told."""
    wanted = {kind: set(ids) for kind, ids in references.items()}
    for row in rows:
        if row.record_id is not None:
            wanted.setdefault(row.resource, set()).add(row.record_id)
        if acted_as := as_whom(row.origin):
            wanted.setdefault("member", set()).add(acted_as)
    return names_of(wanted, member)


def as_whom(origin: Mapping[str, str] | None) -> UUID | None:
    """Return the member as whom somebody acted, if they looked at the workspace as another one."""
    try:
        return UUID((origin or {}).get("as", ""))
    except ValueError:
        return None


def told_changes(row: AnyRow, names: Names, member: CurrentMember) -> dict[str, Any]:
    """Return what an entry says of fields, as far as the member may know: nothing of a record they do not see."""
    known = row.record_id is None or (row.resource, row.record_id) in names
    if is_guarded(row.resource) and not known and not sees_all(row.resource, member):
        return {}
    return {name: change for name, change in row.changes.items() if is_told(row.resource, name, member)}


def is_told(resource: str, field: str, member: CurrentMember) -> bool:
    """Whether the member's role lets them know a field's values."""
    return may_know(member, resource, field)
