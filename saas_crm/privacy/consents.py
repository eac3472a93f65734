"""Consent of a person, per channel and purpose: what they said last counts, and what they said before stays.

Of two statements about the same moment, as two about the same past day are, the one written down later counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, bindparam, or_, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on, insert

from saas_crm.access.models import Member
from saas_crm.access.ownership import check_may
from saas_crm.access.permissions import CurrentMember
from saas_crm.core.audit import record_act
from saas_crm.core.clock import now
from saas_crm.core.errors import InvalidInput
from saas_crm.core.i18n import gettext as _
from saas_crm.core.keyset import Order, Page, at_most, cut
from saas_crm.privacy.models import Consent
from saas_crm.privacy.rules import refusals
from saas_crm.privacy.schemas import ConsentWrite
from tenants.context import current_tenant
from tenants.db import AnyRow, db, fetch, new_id
from tenants.kept import Kept
from tenants.versions import lacks_tables

ORDERS = {"-at": Order(Consent.at, descending=True)}
AHEAD = timedelta(minutes=10)
"""How far a clock may be ahead of ours."""
COLUMNS = (
    Consent.id, Consent.channel, Consent.purpose, Consent.state, Consent.at, Consent.source, Consent.note,
    Consent.member_id, Member.name.label("member_name"), Consent.created_at,
)  # fmt: skip
_LATEST = (Consent.at.desc(), Consent.created_at.desc(), Consent.id.desc())
_SAID = Kept(
    select(Consent.id, Consent.channel, Consent.purpose, Consent.state, Consent.at, Consent.created_at)
    .where(Consent.contact_id == bindparam("contact_id"))
    .ext(distinct_on(Consent.channel, Consent.purpose))
    .order_by(Consent.channel, Consent.purpose, *_LATEST)
)


def statements(contact_id: UUID) -> Sequence[AnyRow]:
    """Return the statement that counts for each channel and purpose. The caller has loaded the contact as visible."""
    return fetch(_SAID, {"contact_id": contact_id}).all()


def refused(contact_id: UUID) -> Mapping[str, tuple[str, ...]]:
    """Return for which purposes a visible contact refused each channel; nothing in a workspace that is behind."""
    return {} if lacks_tables(current_tenant()) else refusals(statements(contact_id))


def history(contact_id: UUID, *, after: Sequence[Any] | None = None, limit: int = 50) -> Page[AnyRow]:
    """Return a page of all that a visible contact said, the latest first, with who wrote it down."""
    query = select(*COLUMNS).outerjoin(Member, Member.id == Consent.member_id).where(Consent.contact_id == contact_id)
    if after is not None:
        last = select(Consent.created_at, Consent.id).where(Consent.id == after[1]).scalar_subquery()
        before = tuple_(Consent.created_at, Consent.id) < last
        query = query.where(or_(Consent.at < after[0], and_(Consent.at == after[0], before)))
    return cut(fetch(query.order_by(*_LATEST).limit(at_most(limit + 1))).all(), limit, "at")


def one(consent_id: UUID) -> AnyRow:
    """Return one statement as `history` does."""
    query = select(*COLUMNS).outerjoin(Member, Member.id == Consent.member_id)
    return fetch(query.where(Consent.id == consent_id)).first()


def record_consent(
    contact: Any, data: ConsentWrite, *, actor: CurrentMember, consent_id: UUID | None = None
) -> UUID:  # fmt: skip
    """Write down what a contact said; returns its id.

    With an id that was used before, nothing happens, unless something else was written down since then: saying it
    again is then an answer of its own. What a clock that is ahead takes for the future was said now.

    Raises Forbidden unless the actor may change the contact, and InvalidInput for what is yet to come.
    """
    check_may(contact, "update", actor)
    moment = now()
    at = data.at or moment
    if at > moment + AHEAD:
        raise InvalidInput({"at": _("This lies in the future.")}, {"at": "future"})
    values = {name: getattr(data, name) for name in ("channel", "purpose", "state", "source", "note")}
    row = {**values, "contact_id": contact.id, "at": min(at, moment), "member_id": actor.id}
    key = consent_id or new_id()
    if not _write(key, row) and _said_otherwise_since(key, row):
        key = new_id()
        _write(key, row)
    return key


def _write(key: UUID, row: Mapping[str, Any]) -> bool:
    """Write a statement down, in the log too; returns whether its id was a new one."""
    made = insert(Consent).values(id=key, **row).on_conflict_do_nothing(index_elements=["id"]).returning(Consent.id)
    if db.session.execute(made).first() is None:
        return False
    told = {name: [None, row[name]] for name in ("channel", "purpose", "state", "source")}
    record_act(db.session(), "consent", "contact", row["contact_id"], told)
    db.session.flush()
    return True


def _said_otherwise_since(key: UUID, row: Mapping[str, Any]) -> bool:
    """Whether a statement is there already, and after it another answer was written down."""
    written = select(Consent.created_at).where(Consent.id == key, Consent.contact_id == row["contact_id"])
    about = (getattr(Consent, name) == row[name] for name in ("contact_id", "channel", "purpose"))
    since = select(Consent.state).where(*about, Consent.created_at > written.scalar_subquery())
    last = db.session.scalar(since.order_by(Consent.created_at.desc(), Consent.id.desc()).limit(1))
    return last is not None and (last == "given") != (row["state"] == "given")
