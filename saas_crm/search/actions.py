"""Writing the index: called by every action that makes or changes something people look for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Executable, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql.dml import ReturningDelete

from saas_crm.core.errors import AlreadyExists
from saas_crm.core.grams import grams
from saas_crm.core.pinyin import pinyin_words
from saas_crm.core.search_text import document
from saas_crm.search.models import FIELDS, OF_FIELD, OF_PARENT, PERSON, SearchEntry
from tenants.db import run


@dataclass(frozen=True, slots=True)
class Findable:
    """What a record is found by: its title, the other words about it, and its FIELDS, which some may not know.

    By `parent_name` it is found only by who sees the parent, whose owner is copied for that: `parent_owner_id` is the
    owner of a company, and ASKED where the parent is a contact.
    """

    kind: str
    record_id: UUID
    title: str
    subtitle: str = ""
    words: Sequence[str] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    owner_id: UUID | None = None
    parent_id: UUID | None = None
    parent_owner_id: UUID | None = None
    parent_name: str = ""


def row_of(found: Findable) -> dict[str, object]:
    """Return the index row of a record, as the bulk loaders need it too."""
    pinyin = pinyin_words(found.title, person=found.kind == PERSON)
    own = document(found.title, *found.words, pinyin=pinyin)
    fields = [_of_field(name, found.fields.get(name, "")) for name in FIELDS]
    parents = document(found.parent_name)
    folded = own + "".join(f"\n{OF_FIELD}{text}" for text in fields)
    return {
        "record_id": found.record_id, "kind": found.kind, "title": found.title, "subtitle": found.subtitle,
        "folded": f"{folded}\n{OF_PARENT}{parents}" if parents else folded,
        "grams": grams("\n".join([own, *fields, parents])), "owner_id": found.owner_id, "parent_id": found.parent_id,
        "parent_owner_id": found.parent_owner_id,
    }  # fmt: skip


def _of_field(name: str, value: str) -> str:
    if name in ("phone", "mobile"):
        return document(phones=(value,))
    return document(emails=(value,)) if name == "email" else document(value)


def put(session: Session, found: Findable) -> None:
    """Put a record into the index, or renew its entry."""
    put_all(session, (found,))


def put_all(session: Session, found: Sequence[Findable], *, touch: bool = True) -> None:
    """Put records into the index, or renew their entries, in one statement.

    Without `touch` an entry stays as old as it is: of equal matches the younger come first.

    Raises AlreadyExists for a key that a record of another kind has: keys may be chosen by clients.
    """
    if not found:
        return
    written = run(session, _PUT if touch else _PUT_SILENTLY, [row_of(one) for one in found])
    if len(written) < len(found):
        raise AlreadyExists(", ".join(str(one.record_id) for one in found))


def _putting(*, touch: bool) -> Executable:
    """Return the statement, on the table itself: the machinery for objects takes longer than PostgreSQL does."""
    entries: Any = SearchEntry.__table__
    writing = insert(entries)
    changes: dict[str, Any] = {"updated_at": func.now()} if touch else {}
    changes |= {c.key: c for c in writing.excluded if c.key not in ("record_id", "updated_at")}
    same_kind = entries.c.kind == writing.excluded.kind
    renewing = writing.on_conflict_do_update(index_elements=["record_id"], set_=changes, where=same_kind)
    return renewing.returning(entries.c.record_id)


_PUT, _PUT_SILENTLY = _putting(touch=True), _putting(touch=False)


def touch(session: Session, record_id: UUID) -> None:
    """Note that a record was saved without what it is found by: of equal matches the younger come first."""
    session.execute(update(SearchEntry).where(SearchEntry.record_id == record_id).values(updated_at=func.now()))


def drop(session: Session, record_id: UUID) -> bool:
    """Take a record out of the index; returns whether the entry of any other may name it."""
    return session.scalar(dropping(record_id)) is not False


def dropping(record_id: UUID) -> ReturningDelete[bool]:
    """Return the statement that does this, and says of an entry that was there whether any other names it."""
    child = aliased(SearchEntry)
    named = select(child.record_id).where(child.parent_id == record_id).exists()
    return delete(SearchEntry).where(SearchEntry.record_id == record_id).returning(named.label("named"))


def parent_changed_owner(session: Session, parent_id: UUID, owner_id: UUID | None) -> None:
    """Tell the children's entries who owns their parent now."""
    session.execute(update(SearchEntry).where(SearchEntry.parent_id == parent_id).values(parent_owner_id=owner_id))


def parents_gone(session: Session, parent_ids: Sequence[UUID]) -> dict[str, list[UUID]]:
    """Tell the children's entries that their parents are gone for good; returns the children by kind."""
    gone = update(SearchEntry).where(SearchEntry.parent_id.in_(parent_ids)).values(parent_id=None, parent_owner_id=None)
    found: dict[str, list[UUID]] = defaultdict(list)
    for kind, record_id in session.execute(gone.returning(SearchEntry.kind, SearchEntry.record_id)):
        found[kind].append(record_id)
    return found
