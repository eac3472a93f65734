"""What companies and contacts are found by, and how their search entries follow what happens to them.

A contact is found by the name of their company too, and shows it as the second line. That name is the company's:
it is told, and finds the contact, only for who may see the company (the index keeps it apart), and not while the
company is in the recycle bin. When a customer is renamed, thrown away or taken out again, a job renews the entries of
what hangs on it (`following`).
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select

from saas_crm.access.numbering import numbers_kept
from saas_crm.core.pinyin import sort_key
from saas_crm.customers.models import Company, Contact
from saas_crm.customers.names import name_key
from saas_crm.search import actions as search
from tenants.db import db
from tenants.veils import truth

BATCH = 500


def name_forms(model: type[Company | Contact], name: str) -> dict[str, str]:
    """Return the columns that follow from a name: what it is sorted by, and what other spellings of it share."""
    if model is Contact:
        return {"sort_name": sort_key(name, person=True)}
    return {"sort_name": sort_key(name), "name_key": name_key(name)}


def index(record: Company | Contact) -> None:
    """Renew a customer's search entry."""
    if isinstance(record, Company):
        search.put(db.session(), company_entry(record))
    else:
        company = db.session.get(Company, record.company_id) if record.company_id else None
        search.put(db.session(), contact_entry(record, company))


def company_entry(company: Company) -> search.Findable:
    """Return what a company is found by: as it is, whoever changes it."""
    city, industry = truth(company.city), truth(company.industry)
    fields = _fields(company, website="website", address="city", industry="industry")
    return search.Findable(
        "company", company.id, company.name, subtitle=city or industry or "", words=company.tags,
        fields={**fields, "number": number_found(company)}, owner_id=company.owner_id,
    )  # fmt: skip


def number_found(record: Any) -> str:
    """Return the number by which a record is found, "" where it has none or there are no numbers yet."""
    return truth(record.number) or "" if numbers_kept() else ""


def contact_entry(contact: Contact, company: Company | None) -> search.Findable:
    """Return what a contact is found by; the company's name apart from the rest, and not that of a deleted one."""
    at = company.name if company and company.deleted_at is None else ""
    return search.Findable(
        "contact", contact.id, contact.name, subtitle=at or truth(contact.job_title) or truth(contact.city) or "",
        words=contact.tags, fields=_fields(contact, job_title="job_title", address="city", mobile="mobile"),
        owner_id=contact.owner_id, parent_id=contact.company_id, parent_name=at,
        parent_owner_id=company.owner_id if company else None,
    )  # fmt: skip


def _fields(record: Company | Contact, **further: str) -> dict[str, str]:
    """Return the fields that a customer is found by, as they are stored; `further` says which columns they are."""
    return {name: truth(getattr(record, column)) or "" for name, column in {**_FOUND_BY, **further}.items()}


_FOUND_BY = {"phone": "phone", "email": "email"}


def reindex_contacts(company_id: UUID, after: UUID | None) -> UUID | None:
    """Renew the entries of a company's next BATCH contacts; returns the last one's id, None when all are done.

    Company and contacts are held meanwhile, so that nothing older is written over what somebody saves now.
    """
    held = select(Company).where(Company.id == company_id).with_for_update(read=True)
    company = db.session.scalar(held.execution_options(populate_existing=True))
    if company is None:
        return None
    people = select(Contact).where(Contact.company_id == company_id, Contact.deleted_at.is_(None))
    if after is not None:
        people = people.where(Contact.id > after)
    people = people.order_by(Contact.id).limit(BATCH).with_for_update(key_share=True)
    contacts = db.session.scalars(people.execution_options(populate_existing=True)).all()
    search.put_all(db.session(), [contact_entry(contact, company) for contact in contacts])
    return contacts[-1].id if len(contacts) == BATCH else None
