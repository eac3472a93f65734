"""Consent of a person, per channel and purpose: what they said last counts, and what they said before stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import distinct_on, insert

from saas_crm.access.models import Member
from saas_crm.access.ownership import check_may
from saas_crm.access.permissions import CurrentMember
from saas_crm.core.audit import record_act
from saas_crm.core.clock import now
from saas_crm.core.errors import InvalidInput
from saas_crm.core.i18n import gettext as _
from saas_crm.core.keyset import Order, Page, cut, page
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
_SAID = Kept(
    select(Consent.id, Consent.channel, Consent.purpose, Consent.state, Consent.at)
    .where(Consent.contact_id == bindparam("contact_id"))
    .ext(distinct_on(Consent.channel, Consent.purpose))
    .order_by(Consent.channel, Consent.purpose, Consent.at.desc(), Consent.id.desc())
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
    return cut(fetch(page(query, ORDERS["-at"], Consent.id, after=after, limit=limit)).all(), limit, "at")


def one(consent_id: UUID) -> AnyRow:
    """Return one statement as `history` does."""
    query = select(*COLUMNS).outerjoin(Member, Member.id == Consent.member_id)
    return fetch(query.where(Consent.id == consent_id)).first()


def record_consent(
    contact: Any, data: ConsentWrite, *, actor: CurrentMember, consent_id: UUID | None = None
) -> UUID:  # fmt: skip
    """Write down what a contact said; returns its id. With an id that was used before, nothing happens.

    Raises Forbidden unless the actor may change the contact, and InvalidInput for what is yet to come.
    """
    check_may(contact, "update", actor)
    moment = now()
    at = data.at or moment
    if at > moment + AHEAD:
        raise InvalidInput({"at": _("This lies in the future.")}, {"at": "future"})
    values = {name: getattr(data, name) for name in ("channel", "purpose", "state", "source", "note")}
    key = consent_id or new_id()
    made = insert(Consent).values(id=key, contact_id=contact.id, at=at, member_id=actor.id, **values)
    written = db.session.execute(made.on_conflict_do_nothing(index_elements=["id"]).returning(Consent.id)).first()
    if written is not None:
        told = {name: [None, values[name]] for name in ("channel", "purpose", "state", "source")}
        record_act(db.session(), "consent", "contact", contact.id, told)
    db.session.flush()
    return key
