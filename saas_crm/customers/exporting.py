"""Companies and contacts as they leave the workspace: what the member sees, within their scope to export."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from saas_crm.access.models import Member
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.visibility import seen, visible
from saas_crm.core.keyset import in_order
from saas_crm.customers.models import Company, Contact
from saas_crm.customers.queries import CustomerFilter, narrow, order_of
from tenants.db import AnySelect

_ADDRESS = ("street", "postcode", "city", "region", "country")
_LAST = ("description", "created_at", "updated_at", "last_activity_at", "id")
COMPANY_FIELDS = (
    "name", "number", "phone", "email", "website", "industry", "lifecycle", "owner_id", "tags", *_ADDRESS, *_LAST,
)  # fmt: skip
CONTACT_FIELDS = (
    "name", "company_id", "job_title", "mobile", "phone", "email", "birthday", "lifecycle", "owner_id", "tags",
    *_ADDRESS, *_LAST,
)  # fmt: skip


def exported(
    model: Any, member: CurrentMember, wanted: CustomerFilter, fields: tuple[str, ...], sort: str
) -> AnySelect:
    """Return the query of these fields, named by them; owner and company are names, the latter only where seen."""
    names: Mapping[str, Any] = {"owner_id": Member.name, "company_id": Company.name}
    query = select(*(names.get(name, getattr(model, name)).label(name) for name in fields)).select_from(model)
    query = query.outerjoin(Member, Member.id == model.owner_id)
    if model is Contact:
        query = query.outerjoin(Company, seen(Company, Contact.company_id, member))
    query = narrow(query, model, member, wanted, many="whole").where(visible(model, member, "export"))
    return in_order(query, order_of(model, sort, wanted.q), model.id)
