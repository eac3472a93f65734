"""Erasing a person: what will go and what will stay, and then all of it in one transaction, with a certificate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Text, Uuid, and_, cast, false, func, literal, null, or_, select, union_all
from sqlalchemy.dialects.postgresql import ARRAY, insert

from saas_crm.access.permissions import CurrentMember
from saas_crm.core.audit import AuditEntry, record_act
from saas_crm.core.errors import AlreadyExists, InvalidInput, NotFound
from saas_crm.core.folding import fold
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import in_language
from saas_crm.privacy.fingerprints import fingerprints, new_salt
from saas_crm.privacy.keeping import duties_of
from saas_crm.privacy.models import Erasure, ErasureItem
from saas_crm.privacy.registry import (
    Counted,
    Fate,
    Person,
    Touched,
    check_knows_all,
    find_person,
    hold_theirs,
    holdings,
)
from saas_crm.privacy.schemas import ErasureWrite
from saas_crm.privacy.settings import held_settings
from tenants.context import current_tenant
from tenants.db import AnySelect, db, fetch, new_id

TIMEOUT_MS = 60_000
PASSAGES = 50
"""Texts that a preview shows at most."""


class Part(NamedTuple):
    """How many records of a kind are removed, emptied of what they say of the person, or kept."""

    kind: str
    fate: Fate
    num: int


class Preview(NamedTuple):
    """What erasing a person would do: by kind, and the texts beside their own records in which they are blanked."""

    parts: list[Part]
    passages: list[tuple[str, str]]


def parts_of(person: Person) -> list[Part]:
    """Return what erasing a person does, in one statement; what there is none of is left out."""
    counted = _counted(person)
    row = fetch(select(*_numbers(counted))).first()
    return _parts(counted, row)


def preview_of(person: Person) -> Preview:
    """Return what erasing a person would do, in one statement, with PASSAGES texts at most: kind, words around it."""
    counted = _counted(person)
    texts = [text for holding in holdings.values() for text in holding.passages(person)]
    found = union_all(*texts).limit(PASSAGES).subquery() if texts else select(null(), null()).where(false()).subquery()
    told = select(func.json_agg(func.json_build_array(*found.c))).scalar_subquery()
    row = fetch(select(*_numbers(counted), told.label("told"))).first()
    return Preview(_parts(counted, row), [(kind, text) for kind, text in (row and row.told) or ()])


def _counted(person: Person) -> list[Counted]:
    counted = [one for holding in holdings.values() for one in holding.counts(person)]
    return [*counted, Counted("history", "emptied", _entries(touched_by(person)))]


def _numbers(counted: Sequence[Counted]) -> list[ColumnElement[int]]:
    return [one.query.scalar_subquery().label(f"n{place}") for place, one in enumerate(counted)]


def _parts(counted: Sequence[Counted], row: Any) -> list[Part]:
    return [Part(one.kind, one.fate, num) for one, num in zip(counted, row or (), strict=False) if num]


def touched_by(person: Person) -> list[Touched]:
    """Return whose audit entries say something of a person."""
    return [one for holding in holdings.values() for one in holding.touches(person)]


def _entries(touched: Sequence[Touched]) -> AnySelect:
    """Return the query that counts the audit entries in which something will be blanked."""
    said = [
        and_(
            AuditEntry.resource == one.resource,
            AuditEntry.record_id.in_(one.ids),
            AuditEntry.changes.has_any(cast(literal(list(one.fields), ARRAY(Text)), ARRAY(Text))),
        )
        for one in touched
    ]
    return select(func.count()).select_from(AuditEntry).where(or_(*said))


def person_to_erase(contact_id: UUID, *, actor: CurrentMember) -> Person:
    """Return a person the actor sees and may erase; raises Forbidden and NotFound."""
    actor.require("privacy:delete")
    check_knows_all(actor, "privacy:delete")
    person = find_person(contact_id, actor)
    if person is None:
        raise NotFound
    return person


def erase(contact_id: UUID, data: ErasureWrite, *, actor: CurrentMember) -> UUID:
    """Erase a person for good; returns the certificate's id.

    Their records, consents and shares go; what happened with them and the deals stay as numbers, without their name
    and without notes; the audit log keeps who did what and when, without values. All of it or nothing. Of two at once
    the second is told as one that comes later: raises AlreadyExists with the certificate's id. Raises Forbidden,
    NotFound, and InvalidInput where the name is another one or a duty to keep exists.
    """
    actor.require("privacy:delete")
    check_knows_all(actor, "privacy:delete")
    db.session.execute(select(func.set_config("statement_timeout", str(TIMEOUT_MS), True)))
    held_settings()
    person = _held(contact_id, actor)
    _check(person, data)
    erasure_id = new_id()
    parts, touched = parts_of(person), touched_by(person)
    _note_items(erasure_id, touched)
    with in_language(current_tenant().locale):
        for holding in holdings.values():
            holding.erases(person)
    _certify(erasure_id, person, data, parts, actor)
    numbers = {part.kind: [None, part.num] for part in parts if part.fate != "kept"}
    record_act(db.session(), "erase", "contact", contact_id, numbers)
    db.session.flush()
    db.session.execute(select(func.public.erase_audit(erasure_id)))
    return erasure_id


def _held(contact_id: UUID, actor: CurrentMember) -> Person:
    """Return a person whom nobody changes any more, nor what hangs on them: that first, as everybody holds it.

    What came in between is held then: nothing more can be hung on who is held.
    """
    person = find_person(contact_id, actor)
    if person is not None:
        hold_theirs(person)
        person = find_person(contact_id, actor, hold=True)
    if person is None:
        raise AlreadyExists(str(_certificate_of(contact_id)))
    return hold_theirs(person)


def _certificate_of(contact_id: UUID) -> UUID:
    found = db.session.scalar(select(Erasure.id).where(Erasure.contact_id == contact_id))
    if found is None:
        raise NotFound
    return found


def _check(person: Person, data: ErasureWrite) -> None:
    if duties_of(person):
        text = _("This person cannot be erased yet: there is a duty to keep what is known of them.")
        raise InvalidInput({"": text}, {"": "duty"})
    if fold(data.name) != fold(person.name):
        raise InvalidInput({"name": _("Write the name as it stands above.")}, {"name": "other_name"})


def _note_items(erasure_id: UUID, touched: Sequence[Touched]) -> None:
    """Note the records whose audit entries will be blanked, before anything is changed by which they are found."""
    for one in touched:
        ids = one.ids.subquery()
        rows = select(
            literal(erasure_id, Uuid), literal(one.resource), next(iter(ids.c)),
            cast(literal(list(one.fields), ARRAY(Text)), ARRAY(Text)),
        ).distinct()  # fmt: skip
        names = ["erasure_id", "resource", "record_id", "fields"]
        noting = insert(ErasureItem).from_select(names, rows, include_defaults=False)
        db.session.execute(noting.on_conflict_do_nothing())


def _certify(
    erasure_id: UUID, person: Person, data: ErasureWrite, parts: Sequence[Part], actor: CurrentMember
) -> None:  # fmt: skip
    salt = new_salt()
    number = (db.session.scalar(select(func.max(Erasure.number))) or 0) + 1
    db.session.add(Erasure(
        id=erasure_id, number=number, contact_id=person.ids[0], member_id=actor.id, reason=data.reason,
        parts=[list(part) for part in parts], salt=salt, fingerprints=fingerprints(person.identifiers, salt),
    ))  # fmt: skip
    db.session.flush()
