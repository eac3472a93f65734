"""What activities hold about people: their notes go, that something took place stays; what is planned is dropped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, delete, false, func, literal, not_, or_, select, union, update

from saas_crm.access.models import Member
from saas_crm.activities.models import Activity
from saas_crm.core.audit import record_acts
from saas_crm.core.i18n import gettext as _
from saas_crm.privacy.holding import once_said, once_theirs
from saas_crm.privacy.mentions import place_in, says
from saas_crm.privacy.registry import Counted, Holding, Person, Rows, Touched, theirs
from tenants.db import AnySelect, db, fetch

FIELDS = ("subject", "body", "location")
_TEXTS = (Activity.subject, Activity.body, Activity.location)
_PLANNED = and_(Activity.done_at.is_(None), Activity.due_at.is_not(None))


def _with_them(person: Person) -> ColumnElement[bool]:
    return Activity.contact_id.in_(person.ids)


def _mentions(person: Person) -> ColumnElement[bool]:
    """Return the clause "it is about one of their deals or about their company, and mentions them"."""
    return or_(_deals_say(person), _others_say(person))


def _at_their_company(person: Person) -> ColumnElement[bool]:
    return Activity.company_id == person.company_id if person.company_id else false()


def _others(person: Person) -> ColumnElement[bool]:
    return or_(Activity.contact_id.is_(None), not_(_with_them(person)))


def _of_their_deals(person: Person) -> ColumnElement[bool]:
    return Activity.opportunity_id.in_(theirs("opportunity", person))


def _deals_say(person: Person) -> ColumnElement[bool]:
    if not person.mention:
        return false()
    return and_(_of_their_deals(person), _others(person), says(_TEXTS, person.mention))


def _others_say(person: Person) -> ColumnElement[bool]:
    if not person.mention_elsewhere or person.company_id is None:
        return false()
    elsewhere = or_(Activity.opportunity_id.is_(None), not_(_of_their_deals(person)))
    near = and_(_at_their_company(person), elsewhere, _others(person))
    return and_(near, says(_TEXTS, person.mention_elsewhere))


def _blanked(person: Person) -> Sequence[tuple[str, ColumnElement[bool]]]:
    """Return what is blanked where."""
    both = ((person.mention, _deals_say(person)), (person.mention_elsewhere, _others_say(person)))
    return [(pattern, clause) for pattern, clause in both if pattern]


def _passages(person: Person) -> Sequence[AnySelect]:
    return [
        select(literal("activity").label("kind"), place_in(_TEXTS, pattern).label("text")).where(clause)
        for pattern, clause in _blanked(person)
    ]


def _tells(person: Person) -> Mapping[str, Rows]:
    theirs = _with_them(person)
    query = (
        select(theirs.label("theirs"), Activity.id, Activity.kind, Activity.at, Activity.subject, Activity.body,
               Activity.outcome, Activity.location, Activity.due_at, Activity.done_at, Activity.duration_minutes,
               Member.name.label("owner"), Activity.created_at, Activity.deleted_at)
        .outerjoin(Member, Member.id == Activity.owner_id)
        .where(or_(theirs, _mentions(person)))
        .order_by(Activity.at, Activity.id)
    )  # fmt: skip
    found: dict[str, list[dict[str, Any]]] = {"activities": [], "mentions": []}
    for row in fetch(query):
        told = row._asdict()
        found["activities" if told.pop("theirs") else "mentions"].append(told)
    return found


def _counts(person: Person) -> Sequence[Counted]:
    number = select(func.count()).select_from(Activity)
    return (
        Counted("plan", "removed", number.where(_with_them(person), _PLANNED)),
        Counted("activity_text", "emptied", number.where(or_(_mentions(person), and_(_past(person), _has_text())))),
        Counted("activity", "kept", number.where(_past(person))),
    )


def _past(person: Person) -> ColumnElement[bool]:
    return and_(_with_them(person), not_(_PLANNED))


def _has_text() -> ColumnElement[bool]:
    return or_(*(text != "" for text in _TEXTS))


def _touches(person: Person) -> Sequence[Touched]:
    spoken = select(Activity.id).where(or_(_with_them(person), _mentions(person)))
    near = select(Activity.id).where(or_(_at_their_company(person), _of_their_deals(person)))
    logged = once_theirs("activity", person), once_said("activity", person, near)
    return (Touched("activity", union(spoken, *logged), FIELDS),)


def _erases(person: Person) -> None:
    changed: set[UUID] = set()
    for pattern, clause in _blanked(person):
        without = {text.key: func.regexp_replace(text, pattern, _("(erased)"), "g") for text in _TEXTS}
        changed.update(_write(clause, without))
    dropped = delete(Activity).where(_with_them(person), _PLANNED).returning(Activity.id)
    changed.update(db.session.scalars(dropped.execution_options(synchronize_session=False)))
    subject = case((_has_text(), _("(erased)")), else_="")
    changed.update(_write(_with_them(person), {"subject": subject, "body": "", "location": "", "contact_id": None}))
    record_acts(db.session(), "erase", "activity", sorted(changed))


def _write(clause: ColumnElement[bool], values: Mapping[str, Any]) -> Sequence[UUID]:
    writing = update(Activity).where(clause)
    writing = writing.values(**values, version=Activity.version + 1, updated_at=func.now())
    writing = writing.returning(Activity.id).execution_options(synchronize_session=False)
    return db.session.scalars(writing).all()


HAPPENED = Holding(
    tells=_tells, counts=_counts, touches=_touches, erases=_erases, passages=_passages, personal={"activity": FIELDS}
)
