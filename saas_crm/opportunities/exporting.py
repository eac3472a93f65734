"""Deals as they leave the workspace: what the member sees, within their scope to export."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from saas_crm.access.models import Member
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.visibility import seen, visible
from saas_crm.core.keyset import in_order
from saas_crm.customers.models import Company, Contact
from saas_crm.opportunities.models import Opportunity
from saas_crm.opportunities.queries import ORDERS, DealFilter, check_order, narrow
from tenants.db import AnySelect

FIELDS = (
    "name", "number", "company_id", "contact_id", "stage_id", "status", "amount", "currency", "expected_close",
    "owner_id", "description",
    "closed_at", "close_reason", "close_note", "created_at", "updated_at", "last_activity_at", "id",
)  # fmt: skip


def exported(member: CurrentMember, wanted: DealFilter, fields: tuple[str, ...], sort: str) -> AnySelect:
    """Return the query of these fields, named by them; owner, company and contact are names, the latter where seen.

    Raises InvalidInput for an order by what the member may not know.
    """
    check_order(member, sort)
    names: Mapping[str, Any] = {"owner_id": Member.name, "company_id": Company.name, "contact_id": Contact.name}
    query = (
        select(*(names.get(name, getattr(Opportunity, name)).label(name) for name in fields))
        .select_from(Opportunity)
        .outerjoin(Member, Member.id == Opportunity.owner_id)
        .outerjoin(Company, seen(Company, Opportunity.company_id, member))
        .outerjoin(Contact, seen(Contact, Opportunity.contact_id, member))
        .where(Opportunity.deleted_at.is_(None), visible(Opportunity, member, "export"))
    )
    return in_order(narrow(query, member, wanted, many="whole"), ORDERS[sort], Opportunity.id)
