"""Renewing what was written under former rules of folding, finding and sorting, a batch at a time.

Records are compared first, without holding them, and only those that differ are held and written: so a second pass
reads only, and nobody who saves waits for more than one batch. Rooms register the kinds they have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import undefer

from saas_crm.access.numbering import numbers_kept
from saas_crm.search.actions import Findable, put_all, row_of
from saas_crm.search.models import SearchEntry
from tenants.db import db, fetch

BATCH = 200
"""Records a transaction."""


def _nothing(_record: Any) -> dict[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class Renewable:
    """One kind of record: `findables` are the entries of living ones, `forms` the columns that follow from a name.

    `hold` keeps what the entries depend on besides, before the records themselves are held.
    """

    model: type[Any]
    findables: Callable[[Sequence[Any]], list[Findable]]
    forms: Callable[[Any], dict[str, str]] = _nothing
    hold: Callable[[Sequence[Any]], object] = _nothing


kinds: dict[str, Renewable] = {}


def renewable(kind: str, known: Renewable) -> None:
    """Register a kind of record that people look for."""
    kinds[kind] = known


def renew_batch(kind: str, after: UUID | None) -> UUID | None:
    """Renew what is out of date among the next BATCH records; returns the last one's id, None at the end.

    Records in the recycle bin too: they have no entry, but come back with their columns.
    """
    known = kinds[kind]
    query = select(known.model).options(*_whole(known.model)).order_by(known.model.id).limit(BATCH)
    if after is not None:
        query = query.where(known.model.id > after)
    records = db.session.scalars(query).all()
    last = records[-1].id if len(records) == BATCH else None
    if keys := _outdated(known, records):
        known.hold([record for record in records if record.id in keys])
        _write(known, keys)
    db.session.expunge_all()
    return last


def _whole(model: type[Any]) -> list[Any]:
    """Return what loads a record's number with it, where its kind has numbers: it is found by that too."""
    return [undefer(model.number)] if hasattr(model, "number") and numbers_kept() else []


_COMPARED = ("title", "subtitle", "folded", "grams", "parent_id", "parent_owner_id")


def _living(records: Sequence[Any]) -> list[Any]:
    return [record for record in records if record.deleted_at is None]


def _outdated(known: Renewable, records: Sequence[Any]) -> set[UUID]:
    named: set[UUID] = {record.id for record in records if _changes(known, record)}
    wanted: dict[Any, dict[str, Any]] = {
        row["record_id"]: row for row in map(row_of, known.findables(_living(records)))
    }
    query = select(SearchEntry.record_id, *(getattr(SearchEntry, name) for name in _COMPARED))
    stored = {row.record_id: row for row in fetch(query.where(SearchEntry.record_id.in_(wanted)))}
    return named | {key for key, row in wanted.items() if key not in stored or _differs(row, stored[key])}


def _changes(known: Renewable, record: Any) -> dict[str, str]:
    return {name: value for name, value in known.forms(record).items() if getattr(record, name) != value}


def _differs(wanted: dict[str, Any], stored: Any) -> bool:
    return any(wanted[name] != getattr(stored, name) for name in _COMPARED)


def _write(known: Renewable, ids: Iterable[UUID]) -> None:
    """Write what follows from the records as they are once they are held; nobody has edited them by that."""
    model = known.model
    held = select(model).options(*_whole(model)).where(model.id.in_(ids)).order_by(model.id)
    held = held.with_for_update(key_share=True)
    records = db.session.scalars(held.execution_options(populate_existing=True)).all()
    for record in records:
        if changes := _changes(known, record):
            silent = update(model).where(model.id == record.id).values(updated_at=model.updated_at, **changes)
            db.session.execute(silent.execution_options(synchronize_session=False))
    put_all(db.session(), known.findables(_living(records)), touch=False)
