"""The history of companies and contacts."""

from __future__ import annotations

from uuid import UUID

from flask.typing import ResponseReturnValue

from saas_crm.core.i18n import gettext as _
from saas_crm.customers import actions, queries
from saas_crm.customers.schemas import CompanyWrite, ContactWrite
from saas_crm.edge.declared import requires
from web.customers.companies import bp as companies
from web.customers.contacts import bp as contacts
from web.customers.values import company_labels, contact_labels, lifecycles
from web.history.returning import history_page, put_back
from web.history.rooms import Returning, Room, as_country, as_day, as_phone, chosen, tells
from web.numbers import number_label
from web.privacy.words import channels, consent_labels, purposes, sources, states

WRITERS = {
    "phone": as_phone, "mobile": as_phone, "birthday": as_day, "country": as_country,
    "lifecycle": chosen(lambda: dict(lifecycles())),
}  # fmt: skip
tells("company", Room(
    word=lambda: _("Company"), labels=lambda: {**company_labels(), "number": number_label("company")}, writers=WRITERS,
    refers={"owner_id": "member"},
    page=("companies.show", "company_id"),
    returning=Returning(
        lambda record_id, member: queries.get_company(record_id, member=member), CompanyWrite, actions.update_company
    ),
))  # fmt: skip
CONSENT = {
    "channel": chosen(channels), "purpose": chosen(purposes), "state": chosen(states), "source": chosen(sources),
    "until": as_day,
}  # fmt: skip
tells("contact", Room(
    word=lambda: _("Contact"), labels=lambda: {
        **contact_labels(), **consent_labels(), "until": _("Until when"), "reason": _("Reason"),
    },
    writers={**WRITERS, **CONSENT},
    refers={"owner_id": "member", "company_id": "company"}, page=("contacts.show", "contact_id"),
    returning=Returning(
        lambda record_id, member: queries.get_contact(record_id, member=member), ContactWrite, actions.update_contact
    ),
))  # fmt: skip


@companies.get("/<uuid:company_id>/history")
@requires("company:read")
def company_history(company_id: UUID) -> str:
    """Show what was done with a company."""
    return history_page("company", company_id)


@companies.post("/<uuid:company_id>/history/put-back")
@requires("company:update")
def put_company_back(company_id: UUID) -> ResponseReturnValue:
    """Give a field of a company its former value."""
    return put_back("company", company_id)


@contacts.get("/<uuid:contact_id>/history")
@requires("contact:read")
def contact_history(contact_id: UUID) -> str:
    """Show what was done with a contact."""
    return history_page("contact", contact_id)


@contacts.post("/<uuid:contact_id>/history/put-back")
@requires("contact:update")
def put_contact_back(contact_id: UUID) -> ResponseReturnValue:
    """Give a field of a contact its former value."""
    return put_back("contact", contact_id)
