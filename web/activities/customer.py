"""Whom an activity is about: as the address, the form or a stored activity says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import url_for

from saas_crm.access.permissions import CurrentMember
from saas_crm.activities.actions import PARENTS
from saas_crm.activities.models import Activity
from saas_crm.core.errors import NotFound
from saas_crm.customers.choosing import name_of
from saas_crm.customers.models import Company, Contact
from saas_crm.opportunities.queries import get_opportunity


@dataclass(frozen=True, slots=True)
class About:
    """A customer, and perhaps a deal, with the names this member may see; empty for none."""

    company_id: UUID | None = None
    contact_id: UUID | None = None
    opportunity_id: UUID | None = None
    name: str = ""
    deal: str = ""

    @property
    def value(self) -> str:
        """What a field that takes a company or a contact holds."""
        if self.contact_id:
            return f"contact:{self.contact_id}"
        return f"company:{self.company_id}" if self.company_id else ""

    @property
    def page(self) -> str:
        """The address of the record's own page, "" without one."""
        if self.opportunity_id:
            return url_for("opportunities.show", opportunity_id=self.opportunity_id)
        if self.contact_id:
            return url_for("contacts.show", contact_id=self.contact_id)
        return url_for("companies.show", company_id=self.company_id) if self.company_id else ""


def about(
    member: CurrentMember,
    *,
    company_id: UUID | None = None,
    contact_id: UUID | None = None,
    opportunity_id: UUID | None = None,
) -> About:
    """Return whom these ids name, as far as the member sees them; others are left out."""
    deal = _deal(opportunity_id, member)
    if deal is not None:
        company_id, contact_id = company_id or deal.company_id, contact_id or deal.contact_id
    person = name_of(Contact, contact_id, member)
    firm = name_of(Company, company_id, member)
    return About(
        company_id=company_id if firm else None, contact_id=contact_id if person else None,
        opportunity_id=deal.id if deal is not None else None, name=person or firm,
        deal=deal.name if deal is not None else "",
    )  # fmt: skip


def at_customer(errors: Mapping[str, str]) -> dict[str, str]:
    """Return a form's messages, those about the records an activity is attached to at the field that chose them."""
    return {"customer" if name.removesuffix("_id") in PARENTS else name: said for name, said in errors.items()}


def about_activity(activity: Activity, member: CurrentMember) -> About:
    """Return whom a stored activity is about."""
    return about(
        member, company_id=activity.company_id, contact_id=activity.contact_id, opportunity_id=activity.opportunity_id
    )


def _deal(opportunity_id: UUID | None, member: CurrentMember) -> Any:
    if opportunity_id is None or not member.can("opportunity:read"):
        return None
    try:
        return get_opportunity(opportunity_id, member=member)
    except NotFound:
        return None
