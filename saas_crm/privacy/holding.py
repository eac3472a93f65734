"""What this room and those below it hold about people: consents, shares, answers kept for programs, the audit log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, Text, and_, cast, delete, func, or_, select

from saas_crm.access.models import Member, Share
from saas_crm.core.audit import AuditEntry
from saas_crm.core.idempotency import IdempotencyKey
from saas_crm.privacy.keeping import duties_by_hand, held_by_hand
from saas_crm.privacy.models import Consent, PrivacyHold
from saas_crm.privacy.registry import Counted, Holding, Person, Rows
from tenants.db import AnySelect, db, fetch

PERSON = "contact"


def _tells(person: Person) -> Mapping[str, Rows]:
    consents = (
        select(Consent.channel, Consent.purpose, Consent.state, Consent.at, Consent.source, Consent.note,
               Member.name.label("member"))
        .outerjoin(Member, Member.id == Consent.member_id)
        .where(Consent.contact_id.in_(person.ids))
        .order_by(Consent.at, Consent.id)
    )  # fmt: skip
    kept = select(PrivacyHold.reason, PrivacyHold.until).where(PrivacyHold.contact_id.in_(person.ids))
    changes = (
        select(AuditEntry.at, Member.name.label("member"), AuditEntry.through, AuditEntry.action, AuditEntry.changes)
        .outerjoin(Member, Member.id == AuditEntry.member_id)
        .where(_of(person))
        .order_by(AuditEntry.at, AuditEntry.id)
    )
    found = {"consents": consents, "holds": kept, "history": changes}
    return {name: [row._asdict() for row in fetch(query)] for name, query in found.items()}


def _of(person: Person) -> ColumnElement[bool]:
    return and_(AuditEntry.record_id.in_(person.ids), AuditEntry.resource == PERSON)


def once_theirs(resource: str, person: Person) -> AnySelect:
    """Return the query of the records that were a person's at any time, as the log says: also of those long gone."""
    was, ids = AuditEntry.changes["contact_id"], [str(one) for one in person.ids]
    return select(AuditEntry.record_id).where(
        AuditEntry.resource == resource, AuditEntry.record_id.is_not(None),
        or_(was[0].astext.in_(ids), was[1].astext.in_(ids)),
    )  # fmt: skip


def _counts(person: Person) -> Sequence[Counted]:
    return (
        Counted("consent", "removed", _number(Consent).where(Consent.contact_id.in_(person.ids))),
        Counted("share", "removed", _number(Share).where(*_shares(person))),
    )


def _number(model: type) -> AnySelect:
    return select(func.count()).select_from(model)


def _shares(person: Person) -> tuple[ColumnElement[bool], ...]:
    return Share.record_id.in_(person.ids), Share.resource == PERSON


def _erases(person: Person) -> None:
    """Consents and duties go with the record itself, by their foreign keys."""
    db.session.execute(delete(Share).where(*_shares(person)))
    answered = [func.convert_from(IdempotencyKey.body, "UTF8").contains(str(one), autoescape=True)
                for one in person.ids]  # fmt: skip
    led_to = [cast(IdempotencyKey.headers, Text).contains(str(one)) for one in person.ids]
    db.session.execute(delete(IdempotencyKey).where(or_(*answered, *led_to)))


OWN = Holding(tells=_tells, counts=_counts, erases=_erases, duties=duties_by_hand, must_stay=held_by_hand)
