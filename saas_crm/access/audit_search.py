"""What the audit log is searched by: words of records' names, and fields; and what one act did to many records.

Nothing reads more of the log than was asked for. Words are looked up among the records, and what was done with these is
found by the log's index on records; a field is looked for in the entries of one kind of record within a time.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import ColumnElement, Text, and_, case, cast, exists, literal, not_, or_, select, union_all
from sqlalchemy.orm import aliased

from saas_crm.access.naming import Nameable, is_guarded, nameables, sees_all
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.visibility import parent_seen, visible
from saas_crm.core.audit import AuditEntry
from saas_crm.core.keyset import at_most
from saas_crm.core.records import Record
from tenants.db import AnySelect, TenantModel, fetch

FIELD_DAYS = 90
"""So many days are searched for a field where nobody names a time."""
MOST_OF_A_KIND = 50
_NO_RECORDS = {"audit", "session", "workspace"}
"""What the log tells of beside records."""
HEAD = "hand_over"
"""What is written down once, and then for each record it gave to somebody else."""
_Head = aliased(AuditEntry)
_MOVED = and_(AuditEntry.action == "update", AuditEntry.resource != HEAD, AuditEntry.changes.has_key("owner_id"))
_SAME_ACT = and_(
    _Head.resource == HEAD, _Head.at == AuditEntry.at, _Head.request_id.is_not_distinct_from(AuditEntry.request_id)
)


def stands_alone() -> ColumnElement[bool]:
    """Return the clause "it is no part of a hand-over", whose own entry stands for all of them.

    They were written in one transaction, so they have its moment; the head is looked up by kind and moment.
    """
    return not_(and_(_MOVED, exists(select(_Head.id).where(_SAME_ACT))))


def part_of(entry_id: UUID) -> ColumnElement[bool]:
    """Return the clause "the hand-over that this entry tells of gave the record to somebody else"."""
    at = select(_Head.at).where(_Head.id == entry_id, _Head.resource == HEAD).scalar_subquery()
    return and_(_MOVED, AuditEntry.at == at, exists(select(_Head.id).where(_Head.id == entry_id, _SAME_ACT)))


def by_hand_over() -> ColumnElement[UUID | None]:
    """Return the id of the hand-over by which an entry's record changed hands, there and back; NULL for any other."""
    head = select(_Head.record_id).where(_SAME_ACT).correlate(AuditEntry).limit(1).scalar_subquery()
    return case((_MOVED, head)).label("hand_over_id")


def is_field(key: str) -> bool:
    """Whether a text names a field of a kind that the log may tell of, as "contact.phone"."""
    kind, _dot, name = key.partition(".")
    kinds = {mapper.class_.__resource__ for mapper in TenantModel.registry.mappers if issubclass(mapper.class_, Record)}
    return kind in kinds | _NO_RECORDS and name.isidentifier()


def about_field(key: str, member: CurrentMember) -> ColumnElement[bool]:
    """Return the clause "it tells of this field", as "contact.phone", of a record the member sees.

    Of others they would learn by it what was changed there.
    """
    resource, _dot, name = key.partition(".")
    clause = and_(AuditEntry.resource == resource, AuditEntry.changes.has_key(name))
    if not is_guarded(resource) or sees_all(resource, member):
        return clause
    return and_(clause, parent_seen(AuditEntry, AuditEntry.record_id, resource, member))


def records_called(words: str, member: CurrentMember) -> list[UUID]:
    """Return records with all words in their names that the member may know, in one statement.

    Of kinds that people search for otherwise only those in the recycle bin: their living ones have an index.
    """
    sought = [word.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_") for word in words.split()]
    parts = [_called(kind, found, sought, member) for kind, found in nameables().items() if sought]
    return [row.id for row in fetch(union_all(*parts))] if parts else []


def _called(kind: str, found: Nameable, words: Iterable[str], member: CurrentMember) -> AnySelect:
    model, label = found.model, cast(found.label, Text)
    names = [label, *([cast(found.names, Text)] if found.names is not None else [])]
    fits = [or_(*(name.ilike(f"%{word}%") for name in names)) for word in words]
    query = select(model.id.label("id"), literal(kind).label("kind")).where(*fits)
    if found.guarded:
        query = query.where(model.deleted_at.is_not(None), visible(model, member))
    few = query.limit(at_most(MOST_OF_A_KIND)).subquery()
    return select(few.c.id, few.c.kind)
