"""What this room holds about people: their own records, also copies of them in the recycle bin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, and_, delete, func, literal, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

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
_KNOWN = (
    Contact.id,
    Contact.name,
    Contact.email,
    Contact.phone,
    Contact.mobile,
    Contact.company_id,
    Contact.sort_name,
    Contact.deleted_at,
)
TWINS = 10


def find(contact_id: UUID, member: CurrentMember, *, hold: bool = False) -> Person | None:
    """Return a contact the member sees as a person, with copies of them that lie in the recycle bin.

    Also one that lies there itself, and, to who sees all contacts, one that only the log still knows.
    """
    query = select(*_KNOWN).where(Contact.id == contact_id, visible(Contact, member))
    row = fetch(query.with_for_update(of=Contact) if hold else query).first()
    if row is None:
        return find_in_log(contact_id) if sees_all("contact", member) else None
    phones = tuple(dict.fromkeys(one for one in (row.mobile, row.phone) if one))
    binned = (
        select(Contact.id)
        .where(Contact.deleted_at.is_not(None), Contact.sort_name == row.sort_name, Contact.name == row.name)
        .where(Contact.id != row.id, or_(*_reached_by(row.email, phones)))
        .order_by(Contact.id)
    )
    copies = fetch(binned.with_for_update() if hold else binned) if row.email or phones else ()
    emails = (row.email,) if row.email else ()
    ids = (row.id, *(copy.id for copy in copies))
    return Person(ids, row.name, emails, phones, row.company_id, lives=row.deleted_at is None)


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
    columns = (getattr(Contact, name) for name in PERSONAL)
    query = (
        select(Contact.id, *columns, Contact.lifecycle, Company.name.label("company"), Member.name.label("owner"),
               Contact.created_at, Contact.updated_at, Contact.last_activity_at, Contact.deleted_at)
        .outerjoin(Company, Company.id == Contact.company_id)
        .outerjoin(Member, Member.id == Contact.owner_id)
        .where(Contact.id.in_(person.ids))
        .order_by(Contact.deleted_at.is_not(None), Contact.id)
    )  # fmt: skip
    return {"contact": [row._asdict() for row in fetch(query)], "mentions": notes.tells(person)}


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
