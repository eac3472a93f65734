"""What this room and those below it hold about people: consents, shares, answers kept for programs, the audit log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Date,
    DateTime,
    String,
    Text,
    and_,
    cast,
    delete,
    false,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB

from saas_crm.access.models import Member, Share
from saas_crm.core.audit import BLANKED, AuditEntry
from saas_crm.core.idempotency import IdempotencyKey
from saas_crm.privacy.keeping import duties_by_hand, held_by_hand
from saas_crm.privacy.models import Consent, PrivacyHold
from saas_crm.privacy.registry import Counted, Holding, Person, Rows, Touched
from tenants.db import AnySelect, db, fetch

PERSON = "contact"


_CONSENT = ("channel", "purpose", "state", "at", "source", "note", "member")
_KEPT = ("reason", "until")
_CHANGE = ("at", "member", "through", "action", "changes")
_COLUMNS: Mapping[str, Any] = {
    "channel": String, "purpose": String, "state": String, "at": DateTime(timezone=True), "source": String,
    "note": String, "member": String, "reason": String, "until": Date, "through": String, "action": String,
    "changes": JSONB,
}  # fmt: skip


def _tells(person: Person) -> Mapping[str, Rows]:
    """Tell consents, duties and history in one statement: each row has the columns of its section, and others empty."""
    consents = _part("consents", _CONSENT, Consent).where(Consent.contact_id.in_(person.ids))
    kept = _part("holds", _KEPT, PrivacyHold).where(PrivacyHold.contact_id.in_(person.ids))
    changes = _part("history", _CHANGE, AuditEntry).where(_of(person))
    found: dict[str, list[dict[str, Any]]] = {"consents": [], "holds": [], "history": []}
    names = {"consents": _CONSENT, "holds": _KEPT, "history": _CHANGE}
    for row in fetch(union_all(consents, kept, changes).order_by("at", "id")):
        found[row.section].append({name: getattr(row, name) for name in names[row.section]})
    return found


def _part(section: str, names: Sequence[str], model: Any) -> AnySelect:
    """Return the query of one section's rows."""
    columns = [_column(model, name, kind, given=name in names) for name, kind in _COLUMNS.items()]
    return select(literal(section, String).label("section"), model.id, *columns)


def _column(model: Any, name: str, kind: Any, *, given: bool) -> ColumnElement[Any]:
    found: Any = getattr(model, name, None) if given else cast(null(), kind)
    if given and name == "member":
        found = select(Member.name).where(Member.id == model.member_id).scalar_subquery()
    return found.label(name)  # type: ignore[no-any-return]


def _of(person: Person) -> ColumnElement[bool]:
    return and_(AuditEntry.record_id.in_(person.ids), AuditEntry.resource == PERSON)


def once_theirs(resource: str, person: Person) -> AnySelect:
    """Return the query of the records that were a person's at any time, as the log says: also of those long gone."""
    was, ids = AuditEntry.changes["contact_id"], [str(one) for one in person.ids]
    return select(AuditEntry.record_id).where(
        AuditEntry.resource == resource, AuditEntry.record_id.is_not(None),
        or_(was[0].astext.in_(ids), was[1].astext.in_(ids)),
    )  # fmt: skip


def find_in_log(contact_id: UUID) -> Person | None:
    """Return somebody whose record is gone for good, by what the log still says of them; None where it says nothing."""
    known: dict[str, dict[str, None]] = {name: {} for name in ("name", "email", "phone", "mobile", "company_id")}
    said = select(AuditEntry.changes).where(AuditEntry.record_id == contact_id, AuditEntry.resource == PERSON)
    for row in fetch(said.order_by(AuditEntry.at.desc(), AuditEntry.id.desc())):
        for name in known.keys() & row.changes.keys():
            values = [value for value in reversed(row.changes[name]) if isinstance(value, str)]
            known[name].update(dict.fromkeys(value for value in values if value not in ("", "purged", BLANKED)))
    if not known["name"]:
        return None
    company_id = next(map(UUID, known["company_id"]), None)
    phones = (*known["mobile"], *known["phone"])
    return Person((contact_id,), next(iter(known["name"])), tuple(known["email"]), phones, company_id, lives=False)


def once_said(resource: str, person: Person, near: AnySelect) -> AnySelect:
    """Return the query of the records whose log mentions a person: of those `near`, and once of their company."""
    if not person.mention_elsewhere:
        return select(AuditEntry.record_id).where(false())
    was = AuditEntry.changes["company_id"]
    of_company = select(AuditEntry.record_id).where(
        AuditEntry.resource == resource, or_(*(was[place].astext == str(person.company_id) for place in (0, 1)))
    )
    return select(AuditEntry.record_id).where(
        AuditEntry.resource == resource, AuditEntry.record_id.in_(union_all(near, of_company)),
        _json_says(cast(AuditEntry.changes, Text), person.mention_elsewhere),
    )  # fmt: skip


def _json_says(json: Any, pattern: str) -> ColumnElement[bool]:
    """Return the clause "a text of JSON mentions them", where a new line is no letter before a name."""
    found: ColumnElement[bool] = func.regexp_replace(json, r"\\[nrt]", " ", "g").regexp_match(pattern)
    return found


def _touches(person: Person) -> Sequence[Touched]:
    return (Touched("privacy_hold", once_theirs("privacy_hold", person), ("reason",)),)


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
    bodies = func.convert_from(IdempotencyKey.body, "UTF8")
    answered = [bodies.contains(str(one), autoescape=True) for one in person.ids]
    if person.mention_elsewhere:
        answered.append(_json_says(bodies, person.mention_elsewhere))
    led_to = [cast(IdempotencyKey.headers, Text).contains(str(one)) for one in person.ids]
    db.session.execute(delete(IdempotencyKey).where(or_(*answered, *led_to)))


OWN = Holding(
    tells=_tells, counts=_counts, touches=_touches, erases=_erases, duties=duties_by_hand, must_stay=held_by_hand
)
