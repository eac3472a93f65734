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
    false,
    func,
    literal,
    or_,
    select,
    union,
    update,
)

from saas_crm.access.models import Member
from saas_crm.core.clock import now
from saas_crm.core.i18n import gettext as _
from saas_crm.opportunities.indexing import entries
from saas_crm.opportunities.models import Opportunity, OpportunityContact, Stage
from saas_crm.privacy.holding import once_theirs
from saas_crm.privacy.registry import Counted, Holding, Person, Rows, Touched
from saas_crm.privacy.settings import keep_years
from saas_crm.search import actions as search
from tenants.db import AnySelect, db, fetch

FIELDS = ("name", "description", "close_note")
_TEXTS = (Opportunity.name, Opportunity.description, Opportunity.close_note)


def _with_them(person: Person) -> ColumnElement[bool]:
    """Return the clause "the deal is with them": as its contact or as a further one."""
    further = select(OpportunityContact.opportunity_id).where(OpportunityContact.contact_id.in_(person.ids))
    return or_(Opportunity.contact_id.in_(person.ids), Opportunity.id.in_(further))


def _mentions(person: Person) -> ColumnElement[bool]:
    """Return the clause "its texts mention them": of their own deals and of those of their company."""
    if not person.mention:
        return false()
    near = or_(_with_them(person), Opportunity.company_id == person.company_id) if person.company_id else None
    said = or_(*(text.regexp_match(person.mention, flags="i") for text in _TEXTS))
    return and_(near if near is not None else _with_them(person), said)


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
    return (Touched("opportunity", union(spoken, once_theirs("opportunity", person)), FIELDS),)


def _erases(person: Person) -> None:
    """Take name and notes out of the deals, renew what they are found by, and let go of the person."""
    changed: set[Any] = set()
    if person.mention:
        without = {text.key: func.regexp_replace(text, person.mention, _("(erased)"), "gi") for text in _TEXTS}
        changed.update(_write(_mentions(person), without))
    _write(_alone(person), {"description": "", "close_note": ""})
    changed.update(_write(Opportunity.contact_id.in_(person.ids), {"contact_id": None}))
    db.session.execute(delete(OpportunityContact).where(OpportunityContact.contact_id.in_(person.ids)))
    found = select(Opportunity).where(Opportunity.id.in_(changed), Opportunity.deleted_at.is_(None))
    deals = db.session.scalars(found.execution_options(populate_existing=True)).all() if changed else ()
    search.put_all(db.session(), entries(deals), touch=False)


def _write(clause: ColumnElement[bool], values: Mapping[str, Any]) -> Sequence[Any]:
    writing = update(Opportunity).where(clause)
    writing = writing.values(**values, version=Opportunity.version + 1, updated_at=func.now())
    writing = writing.returning(Opportunity.id).execution_options(synchronize_session=False)
    return db.session.scalars(writing).all()


def _duties(person: Person) -> AnySelect:
    """Return the query of the won deals that the law wants kept, until the last of them may go."""
    until = Opportunity.closed_at + func.make_interval(keep_years)
    won = and_(Opportunity.status == "won", Opportunity.closed_at.is_not(None), until > now())
    return select(
        literal("won_deal", String).label("code"), cast(func.max(until), Date).label("until"),
        func.count().label("num"), literal("", String).label("note"),
    ).where(won, Opportunity.contact_id.in_(person.ids))  # fmt: skip


DEALS = Holding(
    tells=_tells, counts=_counts, touches=_touches, erases=_erases, duties=_duties, personal={"opportunity": FIELDS}
)
