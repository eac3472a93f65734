"""A deal's people: its customer, its main contact and the further ones."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import case, literal, select, union_all

from saas_crm.access.permissions import CurrentMember
from saas_crm.access.visibility import visible
from saas_crm.customers.models import Company, Contact
from saas_crm.opportunities.models import Opportunity, OpportunityContact
from tenants.db import AnyRow, fetch


def people_of(deal: Opportunity, member: CurrentMember) -> Sequence[AnyRow]:
    """Return a visible deal's company, main contact and further contacts, in this order: kind, name and numbers.

    Of those the member does not see (`seen` is false) only the id is told.
    """
    title, phone, mobile = (literal("", column.type).label(column.key)
                            for column in (Contact.job_title, Contact.phone, Contact.mobile))  # fmt: skip
    company = select(
        literal("company").label("part"), Company.id, Company.name, title, phone, mobile,
        Company.phone.label("company_phone"), visible(Company, member).label("seen"), literal(0).label("place"),
        Company.sort_name,
    ).where(Company.id == deal.company_id, Company.deleted_at.is_(None))  # fmt: skip
    further = select(OpportunityContact.contact_id).where(OpportunityContact.opportunity_id == deal.id)
    is_main = Contact.id == deal.contact_id
    contacts = select(
        case((is_main, "contact"), else_="further").label("part"), Contact.id, Contact.name, Contact.job_title,
        Contact.phone, Contact.mobile, literal("", Company.phone.type), visible(Contact, member).label("seen"),
        case((is_main, 1), else_=2).label("place"), Contact.sort_name,
    ).where(is_main | Contact.id.in_(further), Contact.deleted_at.is_(None))  # fmt: skip
    both = union_all(company, contacts).subquery().c
    told = [case((both.seen, column), else_="").label(column.key)
            for column in (both.name, both.job_title, both.phone, both.mobile, both.company_phone)]  # fmt: skip
    query = select(both.part, both.id, both.seen, *told)
    return fetch(query.order_by(both.place, both.sort_name, both.id)).all()


def contact_names(contact_ids: Sequence[UUID], member: CurrentMember) -> Sequence[AnyRow]:
    """Return id and name of those of the contacts that the member sees, by name."""
    query = select(Contact.id, Contact.name).where(
        Contact.id.in_(contact_ids), Contact.deleted_at.is_(None), visible(Contact, member)
    )
    return fetch(query.order_by(Contact.sort_name, Contact.id)).all()


def contact_ids_of(opportunity_ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """Return the further contacts of several deals in one query."""
    found: dict[UUID, list[UUID]] = {key: [] for key in opportunity_ids}
    query = select(OpportunityContact.opportunity_id, OpportunityContact.contact_id).where(
        OpportunityContact.opportunity_id.in_(opportunity_ids)
    )
    for opportunity_id, contact_id in fetch(query):
        found[opportunity_id].append(contact_id)
    return found
