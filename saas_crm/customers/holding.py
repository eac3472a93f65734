"""What this room holds about people: their own records, also copies of them in the recycle bin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, literal, or_, select

from saas_crm.access.models import Member
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.visibility import visible
from saas_crm.customers.models import Company, Contact
from saas_crm.privacy.registry import Counted, Holding, Person, Rows, Touched
from saas_crm.search.models import SearchEntry
from tenants.db import AnyRow, db, fetch

PERSONAL = (
    "name", "job_title", "email", "phone", "mobile", "birthday", "street", "city", "region", "postcode", "country",
    "tags", "description",
)  # fmt: skip
_KNOWN = (Contact.id, Contact.name, Contact.email, Contact.phone, Contact.mobile, Contact.company_id, Contact.sort_name)
TWINS = 10


def find(contact_id: UUID, member: CurrentMember, *, hold: bool = False) -> Person | None:
    """Return a living contact the member sees as a person, with copies of them that lie in the recycle bin."""
    query = select(*_KNOWN).where(Contact.id == contact_id, Contact.deleted_at.is_(None), visible(Contact, member))
    row = fetch(query.with_for_update(of=Contact) if hold else query).first()
    if row is None:
        return None
    phones = tuple(dict.fromkeys(one for one in (row.mobile, row.phone) if one))
    binned = (
        select(Contact.id)
        .where(Contact.deleted_at.is_not(None), Contact.sort_name == row.sort_name, Contact.name == row.name)
        .where(or_(*_reached_by(row.email, phones)))
        .order_by(Contact.id)
    )
    copies = fetch(binned.with_for_update() if hold else binned) if row.email or phones else ()
    emails = (row.email,) if row.email else ()
    return Person((row.id, *(copy.id for copy in copies)), row.name, emails, phones, row.company_id)


def _reached_by(email: str, phones: Sequence[str]) -> list[Any]:
    by_phone = [Contact.phone.in_(phones), Contact.mobile.in_(phones)] if phones else []
    return [literal(value=False), *([Contact.email == email] if email else []), *by_phone]


def twins(person: Person, member: CurrentMember) -> Sequence[AnyRow]:
    """Return other living contacts the member sees that have an address or number in common with a person."""
    clauses = _reached_by(next(iter(person.emails), ""), person.phones)
    query = select(Contact.id, Contact.name).where(
        Contact.id.not_in(person.ids), Contact.deleted_at.is_(None), visible(Contact, member), or_(*clauses)
    )
    return fetch(query.order_by(Contact.sort_name, Contact.id).limit(TWINS)).all()


def _tells(person: Person) -> Mapping[str, Rows]:
    columns = (getattr(Contact, name) for name in PERSONAL)
    query = (
        select(Contact.id, *columns, Contact.lifecycle, Company.name.label("company"), Member.name.label("owner"),
               Contact.created_at, Contact.updated_at, Contact.last_activity_at, Contact.deleted_at)
        .outerjoin(Company, Company.id == Contact.company_id)
        .outerjoin(Member, Member.id == Contact.owner_id)
        .where(Contact.id.in_(person.ids))
        .order_by(Contact.deleted_at.is_not(None), Contact.id)
    )  # fmt: skip
    return {"contact": [row._asdict() for row in fetch(query)]}


def _counts(person: Person) -> Sequence[Counted]:
    mine = select(func.count()).select_from(Contact).where(Contact.id.in_(person.ids))
    return (Counted("contact", "removed", mine),)


def _touches(person: Person) -> Sequence[Touched]:
    return (Touched("contact", select(Contact.id).where(Contact.id.in_(person.ids)), (*PERSONAL, "reason")),)


def _erases(person: Person) -> None:
    db.session.execute(delete(SearchEntry).where(SearchEntry.record_id.in_(person.ids)))
    gone = delete(Contact).where(Contact.id.in_(person.ids))
    db.session.execute(gone.execution_options(synchronize_session=False))


PEOPLE = Holding(tells=_tells, counts=_counts, touches=_touches, erases=_erases, personal={"contact": PERSONAL})
