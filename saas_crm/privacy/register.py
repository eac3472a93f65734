"""The register of processing: what the workspace does with personal data, to be shown to whom it concerns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import insert

from saas_crm.access.ownership import check_version
from saas_crm.access.permissions import CurrentMember
from saas_crm.core.clock import now
from saas_crm.core.errors import InvalidInput, NotFound, VersionConflict
from saas_crm.core.forms import given
from saas_crm.core.i18n import gettext as _
from saas_crm.core.saving import insert as save
from saas_crm.privacy.defaults import FIELDS, defaults
from saas_crm.privacy.models import ProcessingActivity
from saas_crm.privacy.schemas import ProcessingWrite
from tenants.db import AnyRow, db, fetch, new_id

MOST = 100
"""Entries of one register at most."""


@dataclass(slots=True)
class Entry:
    """One entry; `version` 0 is one as it comes, which nobody has changed."""

    id: UUID
    version: int
    updated_at: datetime | None
    name: str
    purpose: str
    people: str
    data: str
    recipients: str
    retention: str
    legal_basis: str


def entries() -> list[Entry]:
    """Return the register: those that every workspace begins with, as they are now, and then its own."""
    columns = ("id", "version", "updated_at", "deleted_at", *FIELDS)
    query = select(*(getattr(ProcessingActivity, name) for name in columns)).order_by(ProcessingActivity.id)
    usual = defaults()
    query = query.where(or_(ProcessingActivity.deleted_at.is_(None), ProcessingActivity.id.in_(usual)))
    stored = {row.id: row for row in fetch(query)}
    first = [_entry(stored[key]) if key in stored else Entry(key, 0, None, **texts)
             for key, texts in usual.items() if key not in stored or stored[key].deleted_at is None]  # fmt: skip
    return first + [_entry(row) for key, row in stored.items() if key not in usual and row.deleted_at is None]


def _entry(row: AnyRow) -> Entry:
    return Entry(row.id, row.version, row.updated_at, *(getattr(row, name) for name in FIELDS))


def entry(entry_id: UUID) -> Entry:
    """Return one entry; raises NotFound."""
    for found in entries():
        if found.id == entry_id:
            return found
    raise NotFound


def add(data: ProcessingWrite, *, actor: CurrentMember, entry_id: UUID | None = None) -> UUID:
    """Add an entry; raises Forbidden, InvalidInput, and AlreadyExists for an id that was used."""
    actor.require("privacy:update")
    living = select(func.count()).select_from(ProcessingActivity).where(ProcessingActivity.deleted_at.is_(None))
    if (db.session.scalar(living) or 0) >= MOST:
        raise InvalidInput({"": _("A register has at most %(most)s entries.", most=MOST)}, {"": "too_many"})
    made = ProcessingActivity(id=entry_id or new_id(), **data.model_dump())
    save(made, may_exist=entry_id is not None)
    return made.id


def change(entry_id: UUID, data: ProcessingWrite, *, actor: CurrentMember, version: int | None = None) -> Entry:
    """Change what was given of an entry; raises Forbidden, NotFound, VersionConflict."""
    found = _held(entry_id, actor, version)
    for name, value in given(data).items():
        if getattr(found, name) != value:
            setattr(found, name, value)
    db.session.flush()
    return entry(entry_id)


def remove(entry_id: UUID, *, actor: CurrentMember, version: int | None = None) -> None:
    """Take an entry off the register; raises Forbidden, NotFound, VersionConflict."""
    found = _held(entry_id, actor, version)
    found.deleted_at, found.deleted_by_id = now(), actor.id
    db.session.flush()


def back_to_usual(entry_id: UUID, *, actor: CurrentMember) -> None:
    """Let an entry that every workspace begins with be as it came, also one that was removed."""
    actor.require("privacy:update")
    if entry_id not in defaults():
        raise NotFound
    found = db.session.get(ProcessingActivity, entry_id, with_for_update=True)
    if found is not None:
        db.session.delete(found)
        db.session.flush()


def _held(entry_id: UUID, actor: CurrentMember, version: int | None) -> ProcessingActivity:
    """Return an entry to change, held; one as it comes is written down first."""
    actor.require("privacy:update")
    usual = defaults().get(entry_id)
    made = 0
    if usual is not None:
        writing = insert(ProcessingActivity).values(id=entry_id, **usual).on_conflict_do_nothing()
        made = len(db.session.execute(writing.returning(ProcessingActivity.id)).all())
    held = select(ProcessingActivity).where(
        ProcessingActivity.id == entry_id, ProcessingActivity.deleted_at.is_(None)
    ).with_for_update()  # fmt: skip
    found = db.session.scalar(held.execution_options(populate_existing=True))
    if found is None:
        raise NotFound
    if made and version not in (None, 0):
        raise VersionConflict(found)
    if not made:
        check_version(found, version)
    return found
