"""The recycle bin: what was deleted waits 30 days; rooms register what can be in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError

from saas_crm.core.clock import now
from tenants.db import db

KEPT = timedelta(days=30)
BATCH = 500


@dataclass(frozen=True, slots=True)
class Bin:
    """One kind of record that can be recycled: its model, the column shown, and how it is restored."""

    model: type[Any]
    label: str
    restore: Any


bins: dict[str, Bin] = {}


def recyclable(resource: str, found: Bin) -> None:
    """Register a kind of record; children before parents, so that purging meets no foreign key."""
    bins[resource] = found


def purge_old() -> None:
    """Remove for good what was deleted more than KEPT ago; a record others still name stays until they go.

    In random order: some that must stay would otherwise stand before all others, day after day.
    """
    before = now() - KEPT
    for found in bins.values():
        ids = select(found.model.id).where(found.model.deleted_at < before).order_by(func.random()).limit(BATCH)
        for record_id in db.session.scalars(ids).all():
            try:
                with db.session.begin_nested():
                    db.session.execute(delete(found.model).where(found.model.id == record_id))
            except IntegrityError:
                continue
