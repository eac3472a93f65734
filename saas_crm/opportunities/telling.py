"""What a brief tells about deals: what the deal is, and the open ones of a customer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import and_, or_, select

from saas_crm.access.permissions import CurrentMember
from saas_crm.access.visibility import seen, visible
from saas_crm.core.i18n import gettext as _
from saas_crm.core.keyset import at_most
from saas_crm.core.money import Money
from saas_crm.customers.models import Company, Contact
from saas_crm.hand_over.briefs import Line, Phone, Place, Told
from saas_crm.opportunities.models import Opportunity, Stage
from saas_crm.opportunities.rules import name_in
from tenants.db import AnyRow, fetch

MOST, EACH = 2_000, 8
"""How many deals are read for all briefs of a page, and how many a customer's brief names."""


def tell(records: Mapping[str, Sequence[UUID]], member: CurrentMember) -> Told:
    """Tell what deals are, and the open deals of companies and contacts, in one statement."""
    told: dict[UUID, dict[Place, list[Line]]] = defaultdict(lambda: defaultdict(list))
    deals = set(records.get("opportunity", ()))
    for row in _deals(records, member):
        if row.id in deals:
            told[row.id]["who"] += _deal(row, member)
        for customer in (row.company_id, row.contact_id):
            lines = told[customer]["deals"] if customer else []
            if row.status == "open" and len(lines) < EACH:
                lines.append(_line(row, member))
    asked = {record_id for ids in records.values() for record_id in ids}
    return {record_id: parts for record_id, parts in told.items() if record_id in asked}


def _deals(records: Mapping[str, Sequence[UUID]], member: CurrentMember) -> Sequence[AnyRow]:
    of_customers = or_(
        Opportunity.company_id.in_(records.get("company", ())), Opportunity.contact_id.in_(records.get("contact", ()))
    )
    asked = or_(Opportunity.id.in_(records.get("opportunity", ())), and_(Opportunity.status == "open", of_customers))
    query = (
        select(Opportunity.id, Opportunity.name, Opportunity.amount, Opportunity.currency, Opportunity.status,
               Opportunity.expected_close, Opportunity.company_id, Opportunity.contact_id, Opportunity.description,
               Stage.name.label("stage"), Stage.names.label("stage_names"), Company.name.label("company"),
               Contact.name.label("contact"), Contact.mobile, Contact.phone, Contact.email,
               Company.phone.label("company_phone"))
        .join(Stage, Stage.id == Opportunity.stage_id)
        .outerjoin(Company, seen(Company, Opportunity.company_id, member))
        .outerjoin(Contact, seen(Contact, Opportunity.contact_id, member))
        .where(Opportunity.deleted_at.is_(None), visible(Opportunity, member))
        .where(asked)
        .order_by(Opportunity.expected_close.nulls_last(), Opportunity.id)
        .limit(at_most(MOST))
    )  # fmt: skip
    return fetch(query).all()


def _deal(row: AnyRow, member: CurrentMember) -> list[Line]:
    number = Phone(row.mobile or row.phone or row.company_phone or "")
    stage = name_in(row.stage, row.stage_names, member.locale)
    return [
        Line((Money(row.amount, row.currency), stage), _("Amount and stage")),
        Line((row.expected_close,), _("Expected close")),
        Line((row.company or "", row.contact or ""), _("Customer")),
        Line((number, row.email or ""), _("Contact")),
        Line((), _("Notes"), row.description),
    ]  # fmt: skip


def _line(row: AnyRow, member: CurrentMember) -> Line:
    stage = name_in(row.stage, row.stage_names, member.locale)
    return Line((row.name, Money(row.amount, row.currency), stage, row.expected_close))
