"""What deals are found by, and how their search entries follow their customers.

A deal is found by its customer's name too and shows it as the second line: for who sees the customer, and not while the
customer is in the recycle bin. The customer is the company or, where there is none, the contact.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import undefer

from saas_crm.access.numbering import numbers_kept
from saas_crm.customers.following import CustomersGone
from saas_crm.customers.indexing import number_found
from saas_crm.customers.models import Company, Contact
from saas_crm.opportunities.models import Opportunity
from saas_crm.search import actions as search
from saas_crm.search.models import ASKED
from tenants.db import db

Found = TypeVar("Found", Company, Contact, Opportunity)

BATCH = 500
FOUND_BY = ("name", "owner_id", "company_id", "contact_id")
"""The fields of a deal on which its entry depends."""


def index(deal: Opportunity) -> None:
    """Renew a deal's search entry."""
    search.put(db.session(), entry(deal, _customer(deal)))


def entry(deal: Opportunity, customer: Company | Contact | None) -> search.Findable:
    """Return what a deal is found by; the customer's name apart from the rest, and not that of a deleted one."""
    named = customer.name if customer is not None and customer.deleted_at is None else ""
    owner_id = customer.owner_id if isinstance(customer, Company) else ASKED
    return search.Findable(
        "opportunity", deal.id, deal.name, subtitle=named, owner_id=deal.owner_id, parent_name=named,
        fields={"number": number_found(deal)},
        parent_id=customer.id if customer is not None else None,
        parent_owner_id=owner_id if customer is not None else None,
    )  # fmt: skip


def entries(deals: Sequence[Opportunity]) -> list[search.Findable]:
    """Return what several deals are found by, in two statements at most."""
    customers: dict[UUID | None, Company | Contact] = {company.id: company for company in _all(companies_of(deals))}
    customers |= {contact.id: contact for contact in _all(consumers_of(deals))}
    return [entry(deal, customers.get(deal.company_id or deal.contact_id)) for deal in deals]


def companies_of(deals: Sequence[Opportunity]) -> Select[Company]:
    """Return a query of the companies of deals."""
    return select(Company).where(Company.id.in_({deal.company_id for deal in deals} - {None}))


def consumers_of(deals: Sequence[Opportunity]) -> Select[Contact]:
    """Return a query of the contacts who are the customers of deals."""
    return select(Contact).where(Contact.id.in_({deal.consumer_id for deal in deals} - {None}))


def hold_customers(deals: Sequence[Opportunity]) -> None:
    """Hold the customers before their deals: companies, then contacts, each by their ids."""
    _all(companies_of(deals).order_by(Company.id).with_for_update(read=True))
    _all(consumers_of(deals).order_by(Contact.id).with_for_update(read=True))


def reindex_deals(customer_id: UUID, after: UUID | None) -> UUID | None:
    """Renew the entries of a customer's next BATCH deals; returns the last one's id, None when all are done.

    Customer and deals are held meanwhile, so that nothing older is written over what somebody saves now.
    """
    _all(select(Company).where(Company.id == customer_id).with_for_update(read=True))
    _all(select(Contact).where(Contact.id == customer_id).with_for_update(read=True))
    consumers = and_(Opportunity.company_id.is_(None), Opportunity.contact_id == customer_id)
    deals = _held(or_(Opportunity.company_id == customer_id, consumers), after)
    search.put_all(db.session(), entries(deals), touch=False)
    return deals[-1].id if len(deals) == BATCH else None


def renew_orphans(gone: CustomersGone) -> None:
    """Let the deals of companies that went for good be found by their contacts, whose they are now."""
    orphans = gone.children.get("opportunity", [])
    for first in range(0, len(orphans), BATCH):
        deals = _held(Opportunity.id.in_(orphans[first : first + BATCH]), None)
        search.put_all(db.session(), entries(deals), touch=False)


def _customer(deal: Opportunity) -> Company | Contact | None:
    if deal.company_id is not None:
        return db.session.get(Company, deal.company_id)
    return db.session.get(Contact, deal.contact_id) if deal.contact_id is not None else None


def _held(which: ColumnElement[bool], after: UUID | None) -> Sequence[Opportunity]:
    deals = select(Opportunity).where(which, Opportunity.deleted_at.is_(None))
    if numbers_kept():
        deals = deals.options(undefer(Opportunity.number))
    if after is not None:
        deals = deals.where(Opportunity.id > after)
    return _all(deals.order_by(Opportunity.id).limit(BATCH).with_for_update(key_share=True))


def _all(query: Select[Found]) -> Sequence[Found]:
    return db.session.scalars(query.execution_options(populate_existing=True)).all()
