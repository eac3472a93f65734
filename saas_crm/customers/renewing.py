"""How companies and contacts follow a change of the rules of searching and sorting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from saas_crm.core.numbering.registry import Numbered
from saas_crm.customers.indexing import company_entry, contact_entry, name_forms
from saas_crm.customers.models import Company, Contact
from saas_crm.search.actions import Findable, put_all
from saas_crm.search.renewing import Renewable
from tenants.db import db


def _forms(record: Company | Contact) -> dict[str, str]:
    return name_forms(type(record), record.name)


def _company_entries(companies: Sequence[Company]) -> list[Findable]:
    return [company_entry(company) for company in companies]


def _contact_entries(contacts: Sequence[Contact]) -> list[Findable]:
    companies = {company.id: company for company in db.session.scalars(_companies_of(contacts))}
    return [
        contact_entry(contact, companies.get(contact.company_id) if contact.company_id else None)
        for contact in contacts
    ]  # fmt: skip


def _hold_companies(contacts: Sequence[Contact]) -> None:
    """Companies before contacts, as everybody takes them who changes both."""
    held = _companies_of(contacts).order_by(Company.id).with_for_update(read=True)
    db.session.scalars(held.execution_options(populate_existing=True)).all()


def _companies_of(contacts: Sequence[Contact]) -> Any:
    return select(Company).where(Company.id.in_({contact.company_id for contact in contacts} - {None}))


def _renew_entries(companies: Sequence[Company]) -> None:
    put_all(db.session(), _company_entries(companies), touch=False)


NUMBERED = Numbered(Company, _renew_entries, usual="C-{00000}")
COMPANIES = Renewable(Company, _company_entries, forms=_forms)
CONTACTS = Renewable(Contact, _contact_entries, forms=_forms, hold=_hold_companies)
