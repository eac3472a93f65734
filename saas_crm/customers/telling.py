"""What a brief tells about the customer: who they are, and whom one talks to there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, func, literal_column, or_, select

from saas_crm.access.permissions import CurrentMember
from saas_crm.access.visibility import seen, visible
from saas_crm.core.i18n import gettext as _
from saas_crm.customers.models import Company, Contact
from saas_crm.hand_over.briefs import Line, Mail, More, Phone, Place, Told, Word
from tenants.db import AnyRow, fetch

PEOPLE = 6
"""How many people of a company a brief names."""
_WHERE = ("street", "postcode", "city", "region", "country")


def tell(records: Mapping[str, Sequence[UUID]], member: CurrentMember) -> Told:
    """Tell who companies and contacts are, and the people of the companies."""
    told: dict[UUID, dict[Place, list[Line]]] = defaultdict(lambda: defaultdict(list))
    companies, contacts = records.get("company", ()), records.get("contact", ())
    if companies:
        query = select(*_columns(Company), Company.website, Company.industry)
        for row in fetch(query.where(Company.id.in_(companies), visible(Company, member))):
            is_what = Line((row.industry,), _("Industry"))
            told[row.id]["who"] += _who(row, is_what, Line((row.website,), _("Website")))
    if companies or contacts:
        wanted, at = set(contacts), set(companies)
        for row in _people(companies, contacts, member):
            if row.id in wanted:
                is_what = Line((row.job_title,), _("Job title"))
                told[row.id]["who"] += _who(row, is_what, Line((row.company,), _("Company")))
            if row.company_id in at and row.place <= PEOPLE:
                told[row.company_id]["people"].append(_person(row))
                if row.place == PEOPLE and row.number > PEOPLE:
                    told[row.company_id]["people"].append(Line((More(row.number - PEOPLE),)))
    return told


def _columns(model: type[Any]) -> tuple[Any, ...]:
    names = ("id", "name", "phone", "email", "lifecycle", "tags", "description", *_WHERE)
    return tuple(getattr(model, name) for name in names)


def _people(companies: Sequence[UUID], contacts: Sequence[UUID], member: CurrentMember) -> Sequence[AnyRow]:
    """Return the contacts asked for, and the first PEOPLE of each company, in one statement."""
    place = func.row_number().over(partition_by=Contact.company_id, order_by=(Contact.sort_name, Contact.id))
    number = func.count().over(partition_by=Contact.company_id)
    found = (
        select(*_columns(Contact), Contact.mobile, Contact.job_title, Contact.company_id, place.label("place"),
               number.label("number"),
               Company.name.label("company"))
        .outerjoin(Company, seen(Company, Contact.company_id, member))
        .where(Contact.deleted_at.is_(None), visible(Contact, member))
        .where(or_(Contact.company_id.in_(companies), Contact.id.in_(contacts)))
        .subquery()
    )  # fmt: skip
    few = or_(found.c.id.in_(contacts), found.c.place <= literal_column(str(PEOPLE), Integer))
    return fetch(select(found).where(few).order_by(found.c.place)).all()


def _who(row: AnyRow, is_what: Line, further: Line) -> list[Line]:
    mobile = getattr(row, "mobile", "")
    address = (row.street, " ".join(part for part in (row.postcode, row.city) if part), row.region)
    return [
        Line((Word("lifecycle", row.lifecycle),), _("Lifecycle")),
        is_what,
        Line((Phone(row.phone), Phone(mobile)), _("Phone")),
        Line((Mail(row.email),), _("E-mail")),
        further,
        Line((*address, Word("country", row.country) if any(address) else ""), _("Address")),
        Line((", ".join(row.tags),), _("Tags")),
        Line((), _("Notes"), row.description),
    ]


def _person(row: AnyRow) -> Line:
    return Line((row.name, row.job_title, Phone(row.mobile or row.phone), Mail(row.email)))
