"""What a brief tells about deals: what the deal is, who takes part, and the open ones of a customer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import aliased

from saas_crm.access.permissions import CurrentMember
from saas_crm.access.visibility import seen, visible
from saas_crm.core.i18n import gettext as _
from saas_crm.core.keyset import at_most
from saas_crm.core.money import Money
from saas_crm.customers.models import Company, Contact
from saas_crm.hand_over.briefs import Line, Mail, More, Phone, Place, Told
from saas_crm.opportunities.models import Opportunity, OpportunityContact, Stage
from saas_crm.opportunities.rules import name_in
from tenants.db import AnyRow, fetch

MOST, EACH = 4_000, 8
"""How many deals (and people of them) are read for all briefs of a page, and how many a brief names."""
_FURTHER = aliased(Contact)


def tell(records: Mapping[str, Sequence[UUID]], member: CurrentMember) -> Told:
    """Tell what deals are and who takes part in them, and the open deals of companies and contacts: one statement."""
    told: dict[UUID, dict[Place, list[Line]]] = defaultdict(lambda: defaultdict(list))
    deals, known = set(records.get("opportunity", ())), set[UUID]()
    for row in _deals(records, member):
        if row.id in deals and row.further:
            told[row.id]["people"].append(Line((row.further, row.further_title, _number(row))))
        if row.id in known:  # once more, for another of its people
            continue
        known.add(row.id)
        if row.id in deals:
            told[row.id]["who"] += _deal(row, member)
        for customer in (row.company_id, row.contact_id):
            if customer and row.status == "open":
                told[customer]["deals"].append(_line(row, member))
    asked = {record_id for ids in records.values() for record_id in ids}
    return {record_id: _cut(parts) for record_id, parts in told.items() if record_id in asked}


def _cut(parts: dict[Place, list[Line]]) -> dict[Place, list[Line]]:
    """Return the parts with EACH deals and people at most, and how many more there are."""
    return {place: _first(lines) if place in ("deals", "people") else lines for place, lines in parts.items()}


def _first(lines: list[Line]) -> list[Line]:
    return lines if len(lines) <= EACH else [*lines[:EACH], Line((More(len(lines) - EACH),))]


def _number(row: AnyRow) -> Phone:
    return Phone(row.further_mobile or row.further_phone or "")


def _deals(records: Mapping[str, Sequence[UUID]], member: CurrentMember) -> Sequence[AnyRow]:
    of_customers = or_(
        Opportunity.company_id.in_(records.get("company", ())), Opportunity.contact_id.in_(records.get("contact", ()))
    )
    among = Opportunity.id.in_(records.get("opportunity", ()))
    asked = or_(among, and_(Opportunity.status == "open", of_customers))
    query = (
        select(Opportunity.id, Opportunity.name, Opportunity.amount, Opportunity.currency, Opportunity.status,
               Opportunity.expected_close, Opportunity.company_id, Opportunity.contact_id, Opportunity.description,
               Stage.name.label("stage"), Stage.names.label("stage_names"), Company.name.label("company"),
               Contact.name.label("contact"), Contact.mobile, Contact.phone, Contact.email,
               Company.phone.label("company_phone"), _FURTHER.name.label("further"),
               _FURTHER.job_title.label("further_title"), _FURTHER.mobile.label("further_mobile"),
               _FURTHER.phone.label("further_phone"))
        .join(Stage, Stage.id == Opportunity.stage_id)
        .outerjoin(Company, seen(Company, Opportunity.company_id, member))
        .outerjoin(Contact, seen(Contact, Opportunity.contact_id, member))
        .outerjoin(OpportunityContact, and_(OpportunityContact.opportunity_id == Opportunity.id, among))
        .outerjoin(_FURTHER, seen(_FURTHER, OpportunityContact.contact_id, member))
        .where(Opportunity.deleted_at.is_(None), visible(Opportunity, member))
        .where(asked)
        .order_by(Opportunity.expected_close.nulls_last(), Opportunity.id, _FURTHER.sort_name)
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
        Line((number, Mail(row.email or "")), _("Contact")),
        Line((), _("Notes"), row.description),
    ]  # fmt: skip


def _line(row: AnyRow, member: CurrentMember) -> Line:
    stage = name_in(row.stage, row.stage_names, member.locale)
    return Line((row.name, Money(row.amount, row.currency), stage, row.expected_close))
