"""The recycle bin: what was deleted waits 30 days and is then gone for good; rooms register what can be in it.

For good means for good: what still lives of a deleted company (its contacts, deals, activities) does not keep it.
The children stay and let go of it: their reference becomes empty. The audit notes each of both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, not_, select, update

from saas_crm.core import events
from saas_crm.core.audit import record_each
from saas_crm.core.clock import now
from saas_crm.core.records import Record
from tenants.db import TenantModel, db, fetch

KEPT = timedelta(days=30)
BATCH = 500  # records a transaction
BATCHES = 200  # transactions a run: 100,000 records a day


@dataclass(frozen=True, slots=True)
class Bin:
    """One kind of record that can be recycled: its model, the column shown, and how it is restored.

    `purged` is told the ids of records that go for good, in the same transaction. `must_stay` is the clause of ids of
    records that stay in the bin because there is a duty to keep them.
    """

    model: type[Any]
    label: str
    restore: Any
    purged: Callable[[Sequence[UUID]], None] | None = None
    must_stay: Callable[[Any], ColumnElement[bool]] | None = None


@dataclass(frozen=True, slots=True)
class RecordsPurged:
    """Records of one kind are gone for good, in this transaction."""

    kind: str
    ids: Sequence[UUID]


bins: dict[str, Bin] = {}


def recyclable(resource: str, found: Bin) -> None:
    """Register a kind of record; children before parents, so that purging finds few who must let go."""
    bins[resource] = found


def purge_batch() -> int:
    """Remove for good up to BATCH records of one kind that were deleted more than KEPT ago; returns how many.

    They are held, so that nobody restores or refers to one meanwhile; what somebody else holds waits for the next
    time. An audit row for each says what went.
    """
    before = now() - KEPT
    for kind, found in bins.items():
        model = found.model
        old = select(model.id).where(model.deleted_at < before).order_by(model.deleted_at, model.id)
        if found.must_stay is not None:
            old = old.where(not_(found.must_stay(model.id)))
        ids = db.session.scalars(old.limit(BATCH).with_for_update(skip_locked=True)).all()
        if ids:
            _purge(kind, found, ids)
            return len(ids)
    return 0


def _purge(kind: str, found: Bin, ids: Sequence[UUID]) -> None:
    for child, name in _children(found.model):
        _let_go(child, name, ids)
    if found.purged is not None:
        found.purged(ids)
    model, label = found.model, found.label
    named = select(model.id, getattr(model, label)).where(model.id.in_(ids)).order_by(model.id)
    told: list[tuple[UUID, dict[str, Any]]] = [
        (key, {label: [name, None]} if name else {}) for key, name in fetch(named)
    ]
    db.session.execute(delete(model).where(model.id.in_(ids)))
    events.publish(RecordsPurged(kind, ids))
    record_each(db.session(), "purge", kind, told)
    db.session.flush()


def _let_go(child: type[Any], name: str, ids: Sequence[UUID]) -> None:
    """Empty the references of living (and of recycled) children; their version tells that they changed."""
    column = getattr(child, name)
    held = fetch(select(child.id, column).where(column.in_(ids)).order_by(child.id).with_for_update()).all()
    if not held:
        return
    # By the parents, which are few: the children may be more than a statement takes parameters. They are the same ones,
    # since nobody can refer to a parent that is held.
    db.session.execute(
        update(child).where(column.in_(ids)).values({name: None, "version": child.version + 1}),
        execution_options={"synchronize_session": False},
    )
    told = [(child_id, {name: [str(parent_id), None]}) for child_id, parent_id in held]
    record_each(db.session(), "update", child.__resource__, told)


def _children(model: type[Any]) -> list[tuple[type[Any], str]]:
    """Return the kinds of records that may refer to a model, and by which attribute."""
    return [
        (mapper.class_, mapper.get_property_by_column(column).key)
        for mapper in TenantModel.registry.mappers
        if issubclass(mapper.class_, Record)
        for column in mapper.local_table.columns
        if column.nullable and any(key.column.table is model.__table__ for key in column.foreign_keys)
    ]
