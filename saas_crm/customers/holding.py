"""What this room holds about people: their own records, also copies of them in the recycle bin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, and_, delete, func, literal, or_, select, true, union_all
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased

from saas_crm.access.exporting import check_place, takes_place
from saas_crm.access.models import Member
from saas_crm.access.naming import sees_all
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.visibility import visible
from saas_crm.customers import notes_held as notes
from saas_crm.customers.models import Company, Contact
from saas_crm.privacy.holding import find_in_log
from saas_crm.privacy.registry import Counted, Holding, Person, Rows, Touched
from saas_crm.search.models import SearchEntry
from tenants.db import AnyRow, db, fetch

PERSONAL = (
    "name", "job_title", "email", "phone", "mobile", "birthday", "street", "city", "region", "postcode", "country",
    "tags", "description",
)  # fmt: skip
_TOLD = (
    Contact.id, *(getattr(Contact, name) for name in PERSONAL), Contact.lifecycle,
    select(Company.name).where(Company.id == Contact.company_id).correlate(Contact).scalar_subquery().label("company"),
    select(Member.name).where(Member.id == Contact.owner_id).correlate(Contact).scalar_subquery().label("owner"),
    Contact.created_at, Contact.updated_at, Contact.last_activity_at, Contact.deleted_at,
)  # fmt: skip
"""What is told of a person's own records, in this order."""
_Asked = aliased(Contact)
TWINS = 10


def find(contact_id: UUID, member: CurrentMember, *, hold: bool = False, export: bool = False) -> Person | None:
    """Return a contact the member sees as a person, with copies of them that lie in the recycle bin.

    Also one that lies there itself, and, to who sees all contacts, one that only the log still knows.
    """
    if hold:  # first, so that what is looked for next is what they are known by now
        fetch(select(Contact.id).where(Contact.id == contact_id, visible(Contact, member)).with_for_update())
    place = takes_place(member) if export else true()
    query = select(*_TOLD, Contact.company_id, place.label("free")).where(_with_copies(contact_id, member))
    query = query.order_by(Contact.id != contact_id, Contact.id)
    rows = fetch(query.with_for_update(of=Contact) if hold else query).all()
    for row in rows[:1]:
        check_place(row.free)
        emails = (row.email,) if row.email else ()
        phones = tuple(dict.fromkeys(one for one in (row.mobile, row.phone) if one))
        told = [{column.key: getattr(one, column.key) for column in _TOLD} for one in rows]
        ids = tuple(one.id for one in rows)
        return Person(ids, row.name, emails, phones, row.company_id, lives=row.deleted_at is None, records=told)
    if export:
        check_place(db.session.scalar(select(takes_place(member))))
    return find_in_log(contact_id) if sees_all("contact", member) else None


def _with_copies(contact_id: UUID, member: CurrentMember) -> ColumnElement[bool]:
    """Return the clause "it is the contact, whom the member sees, or a copy of them in the recycle bin".

    A copy has their name, and their e-mail or one of their numbers.
    """
    asked = select(Contact.id).where(Contact.id == contact_id, visible(Contact, member))
    numbers = [Contact.phone, Contact.mobile]
    known = [and_(one != "", one.in_([_Asked.phone, _Asked.mobile])) for one in numbers]
    copies = (
        select(Contact.id)
        .join(_Asked, and_(_Asked.sort_name == Contact.sort_name, _Asked.name == Contact.name))
        .where(_Asked.id == asked.scalar_subquery(), Contact.deleted_at.is_not(None), Contact.id != _Asked.id)
        .where(or_(and_(Contact.email != "", Contact.email == _Asked.email), *known))
    )
    found = union_all(asked, copies).subquery()
    return Contact.id.in_(select(found.c.id))


def _reached_by(email: str, phones: Sequence[str]) -> list[Any]:
    by_phone = [Contact.phone.in_(phones), Contact.mobile.in_(phones)] if phones else []
    return [literal(value=False), *([Contact.email == email] if email else []), *by_phone]


def twins(person: Person, member: CurrentMember) -> Sequence[AnyRow]:
    """Return other contacts the member sees that have an address or number in common with a person.

    Of those in the recycle bin (`gone`) also who has the name in common: nobody else would look there.
    """
    reached = or_(*_reached_by(next(iter(person.emails), ""), person.phones))
    gone = Contact.deleted_at.is_not(None)
    query = select(Contact.id, Contact.name, gone.label("gone")).where(
        Contact.id.not_in(person.ids), visible(Contact, member), or_(reached, and_(gone, Contact.name == person.name))
    )
    return fetch(query.order_by(Contact.sort_name, Contact.id).limit(TWINS)).all()


def _tells(person: Person) -> Mapping[str, Rows]:
    return {"contact": person.records, "mentions": notes.tells(person)}


def _counts(person: Person) -> Sequence[Counted]:
    mine = select(func.count()).select_from(Contact).where(Contact.id.in_(person.ids))
    return (Counted("contact", "removed", mine), *notes.counts(person))


def _touches(person: Person) -> Sequence[Touched]:
    theirs = select(func.unnest(literal(list(person.ids), ARRAY(Uuid))).label("id"))
    return (Touched("contact", theirs, (*PERSONAL, "reason")), *notes.touches(person))


def _erases(person: Person) -> None:
    notes.erases(person)
    db.session.execute(delete(SearchEntry).where(SearchEntry.record_id.in_(person.ids)))
    gone = delete(Contact).where(Contact.id.in_(person.ids))
    db.session.execute(gone.execution_options(synchronize_session=False))


PEOPLE = Holding(
    tells=_tells, counts=_counts, touches=_touches, erases=_erases, passages=notes.passages,
    personal={"contact": PERSONAL, "company": ("description",)},
)  # fmt: skip
