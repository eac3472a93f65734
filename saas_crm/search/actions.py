"""Writing the index: called by every action that makes or changes something people look for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, func, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from saas_crm.core.grams import grams
from saas_crm.core.search_text import document
from saas_crm.search.models import SearchEntry


@dataclass(frozen=True, slots=True)
class Findable:
    """What a record is found by: its title, the other words about it, its phone numbers."""

    kind: str
    record_id: UUID
    title: str
    subtitle: str = ""
    words: Sequence[str] = ()
    emails: Sequence[str] = ()
    phones: Sequence[str] = ()
    owner_id: UUID | None = None
    parent_id: UUID | None = None
    parent_owner_id: UUID | None = None


def row_of(found: Findable) -> dict[str, object]:
    """Return the index row of a record, as the bulk loaders need it too."""
    folded = document(found.title, *found.words, emails=found.emails, phones=found.phones)
    return {
        "record_id": found.record_id, "kind": found.kind, "title": found.title, "subtitle": found.subtitle,
        "folded": folded, "grams": grams(folded), "owner_id": found.owner_id, "parent_id": found.parent_id,
        "parent_owner_id": found.parent_owner_id,
    }  # fmt: skip


def put(session: Session, found: Findable) -> None:
    """Put a record into the index, or renew its entry."""
    values = row_of(found)
    changes = {key: value for key, value in values.items() if key != "record_id"} | {"updated_at": func.now()}
    session.execute(
        insert(SearchEntry).values(values).on_conflict_do_update(index_elements=["record_id"], set_=changes)
    )


def drop(session: Session, record_id: UUID) -> None:
    """Take a record out of the index."""
    session.execute(delete(SearchEntry).where(SearchEntry.record_id == record_id))


def parent_changed_owner(session: Session, parent_id: UUID, owner_id: UUID | None) -> None:
    """Tell the children's entries who owns their parent now."""
    session.execute(update(SearchEntry).where(SearchEntry.parent_id == parent_id).values(parent_owner_id=owner_id))
