"""Activities as they leave the workspace: what the member sees, within their scope to export."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from saas_crm.access.models import Member
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.visibility import parent_model, seen, visible
from saas_crm.activities.models import Activity
from saas_crm.activities.queries import ORDERS, ActivityFilter
from saas_crm.activities.records import narrowed
from saas_crm.core.keyset import in_order
from saas_crm.customers.models import Company, Contact
from tenants.db import AnySelect

FIELDS = (
    "kind", "subject", "body", "outcome", "company_id", "contact_id", "opportunity_id", "owner_id", "at", "due_at",
    "done_at", "duration_minutes", "location", "created_at", "updated_at", "id",
)  # fmt: skip


def exported(
    member: CurrentMember, wanted: ActivityFilter, fields: tuple[str, ...], *, since: datetime | None = None,
    before: datetime | None = None,
) -> AnySelect:  # fmt: skip
    """Return the query of these fields, the latest first; those the activity is about are names, where seen.

    `since` and `before` bound `at`, an activity's place in time.
    """
    deal = parent_model("opportunity")
    names: Mapping[str, Any] = {
        "owner_id": Member.name, "company_id": Company.name, "contact_id": Contact.name, "opportunity_id": deal.name,
    }  # fmt: skip
    query = (
        select(*(names.get(name, getattr(Activity, name)).label(name) for name in fields))
        .select_from(Activity)
        .outerjoin(Member, Member.id == Activity.owner_id)
        .outerjoin(Company, seen(Company, Activity.company_id, member))
        .outerjoin(Contact, seen(Contact, Activity.contact_id, member))
        .outerjoin(deal, seen(deal, Activity.opportunity_id, member))
        .where(
            Activity.deleted_at.is_(None), visible(Activity, member, many="whole"), visible(Activity, member, "export")
        )
    )
    if since:
        query = query.where(Activity.at >= since)
    if before:
        query = query.where(Activity.at < before)
    return in_order(narrowed(query, wanted), ORDERS["-at"], Activity.id)
