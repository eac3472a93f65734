"""What deals hold about people: who they are with, and what their texts say. Numbers, stages and dates stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    String,
    and_,
    cast,
    delete,
    exists,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    union,
    update,
)

from saas_crm.access.models import Member
from saas_crm.core.audit import record_acts
from saas_crm.core.clock import now
from saas_crm.core.i18n import gettext as _
from saas_crm.opportunities.indexing import entries
from saas_crm.opportunities.models import Opportunity, OpportunityContact, Stage
from saas_crm.privacy.holding import once_said, once_theirs
from saas_crm.privacy.mentions import place_in, says
from saas_crm.privacy.registry import Counted, Holding, Person, Rows, Touched, theirs
from saas_crm.privacy.settings import keep_years
from saas_crm.search import actions as search
from tenants.db import AnySelect, db, fetch

FIELDS = ("name", "description", "close_note")
_TEXTS = (Opportunity.name, Opportunity.description, Opportunity.close_note)


def _theirs(person: Person) -> AnySelect:
    """Return the query of the deals with them: as the contact or as a further one."""
    further = select(OpportunityContact.opportunity_id).where(OpportunityContact.contact_id.in_(person.ids))
    with_them = or_(Opportunity.contact_id.in_(person.ids), Opportunity.id.in_(further))
    return select(Opportunity.id).where(with_them).order_by(Opportunity.id)


def _with_them(person: Person) -> ColumnElement[bool]:
    return Opportunity.id.in_(theirs("opportunity", person))


def _mentions(person: Person) -> ColumnElement[bool]:
    """Return the clause "its texts mention them": of their own deals and of those of their company."""
    return or_(_own_say(person), _others_say(person))


def _own_say(person: Person) -> ColumnElement[bool]:
    return and_(_with_them(person), says(_TEXTS, person.mention)) if person.mention else false()


def _others_say(person: Person) -> ColumnElement[bool]:
    if not person.mention_elsewhere or person.company_id is None:
        return false()
    others = and_(_at_their_company(person), not_(_with_them(person)))
    return and_(others, says(_TEXTS, person.mention_elsewhere))


def _at_their_company(person: Person) -> ColumnElement[bool]:
    return Opportunity.company_id == person.company_id if person.company_id else false()


def _passages(person: Person) -> Sequence[AnySelect]:
    return [
        select(literal("opportunity").label("kind"), place_in(_TEXTS, pattern).label("text")).where(clause)
        for pattern, clause in _blanked(person)
    ]


def _blanked(person: Person) -> Sequence[tuple[str, ColumnElement[bool]]]:
    """Return what is blanked where."""
    both = ((person.mention, _own_say(person)), (person.mention_elsewhere, _others_say(person)))
    return [(pattern, clause) for pattern, clause in both if pattern]


def _alone(person: Person) -> ColumnElement[bool]:
    """Return the clause "it is with them and no company": all its notes are about them."""
    return and_(Opportunity.contact_id.in_(person.ids), Opportunity.company_id.is_(None))


def _tells(person: Person) -> Mapping[str, Rows]:
    query = (
        select(Opportunity.id, Opportunity.name, Opportunity.amount, Opportunity.currency,
               Stage.name.label("stage"), Opportunity.status, Opportunity.expected_close, Opportunity.description,
               Opportunity.close_reason, Opportunity.close_note, Member.name.label("owner"), Opportunity.created_at,
               Opportunity.closed_at, Opportunity.deleted_at)
        .join(Stage, Stage.id == Opportunity.stage_id)
        .outerjoin(Member, Member.id == Opportunity.owner_id)
        .where(or_(_with_them(person), _mentions(person)))
        .order_by(Opportunity.created_at, Opportunity.id)
    )  # fmt: skip
    return {"deals": [row._asdict() for row in fetch(query)]}


def _counts(person: Person) -> Sequence[Counted]:
    deals = select(func.count()).select_from(Opportunity)
    noted = and_(_alone(person), or_(Opportunity.description != "", Opportunity.close_note != ""))
    return (
        Counted("opportunity_text", "emptied", deals.where(or_(_mentions(person), noted))),
        Counted("opportunity", "kept", deals.where(_with_them(person))),
    )


def _touches(person: Person) -> Sequence[Touched]:
    spoken = select(Opportunity.id).where(or_(_with_them(person), _mentions(person)))
    near = select(Opportunity.id).where(_at_their_company(person))
    logged = once_theirs("opportunity", person), once_said("opportunity", person, near)
    return (Touched("opportunity", union(spoken, *logged), FIELDS),)


def _erases(person: Person) -> None:
    """Take name and notes out of the deals, renew what they are found by, and let go of the person."""
    changed: set[Any] = set()
    for pattern, clause in _blanked(person):
        without = {text.key: func.regexp_replace(text, pattern, _("(erased)"), "g") for text in _TEXTS}
        changed.update(_write(clause, without))
    changed.update(_write(_alone(person), {"description": "", "close_note": ""}))
    changed.update(_write(Opportunity.contact_id.in_(person.ids), {"contact_id": None}))
    further = delete(OpportunityContact).where(OpportunityContact.contact_id.in_(person.ids))
    left = db.session.scalars(further.returning(OpportunityContact.opportunity_id)).all()
    record_acts(db.session(), "erase", "opportunity", sorted(changed | set(left)))
    found = select(Opportunity).where(Opportunity.id.in_(changed), Opportunity.deleted_at.is_(None))
    deals = db.session.scalars(found.execution_options(populate_existing=True)).all() if changed else ()
    search.put_all(db.session(), entries(deals), touch=False)


def _write(clause: ColumnElement[bool], values: Mapping[str, Any]) -> Sequence[Any]:
    writing = update(Opportunity).where(clause)
    writing = writing.values(**values, version=Opportunity.version + 1, updated_at=func.now())
    writing = writing.returning(Opportunity.id).execution_options(synchronize_session=False)
    return db.session.scalars(writing).all()


def _kept_until() -> ColumnElement[Any]:
    return Opportunity.closed_at + func.make_interval(keep_years)


def _won() -> ColumnElement[bool]:
    return and_(Opportunity.status == "won", Opportunity.closed_at.is_not(None), _kept_until() > now())


def _duties(person: Person) -> AnySelect:
    """Return the query of the won deals that the law wants kept, until the last of them may go."""
    return select(
        literal("won_deal", String).label("code"), cast(func.max(_kept_until()), Date).label("until"),
        func.count().label("num"), literal("", String).label("note"),
    ).where(_won(), Opportunity.contact_id.in_(person.ids))  # fmt: skip


def _must_stay(contact_id: Any) -> ColumnElement[bool]:
    return exists(select(Opportunity.id).where(Opportunity.contact_id == contact_id, _won()))


DEALS = Holding(
    tells=_tells, counts=_counts, touches=_touches, erases=_erases, duties=_duties, must_stay=_must_stay,
    passages=_passages, theirs=_theirs, personal={"opportunity": (*FIELDS, "amount")},
)  # fmt: skip
