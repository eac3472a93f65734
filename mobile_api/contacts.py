"""Contacts."""

from __future__ import annotations

from uuid import UUID

from flask import Response
from pydantic import Field

from mobile_api.lists import Listing, Sought, listed, listing, start
from mobile_api.openapi import list_of, sparse
from mobile_api.records import Identified, agreed_version, gone, made, shown, taken_id
from mobile_api.registry import api
from mobile_api.shapes import Fields, Shape
from saas_crm.core.fields import Country, Line
from saas_crm.core.forms import patch_of
from saas_crm.customers import actions, queries
from saas_crm.customers.models import Contact
from saas_crm.customers.queries import CONTACT_ORDERS, CustomerFilter
from saas_crm.customers.records import record, records
from saas_crm.customers.schemas import ContactRead, ContactWrite, Lifecycle
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires

CONTACT = Shape(ContactRead, {name: getattr(Contact, name) for name in ContactRead.model_fields})
ContactPatch = patch_of(ContactWrite, "ContactPatch", ids_kept=("owner_id",))


class NewContact(Identified, ContactWrite):
    """A new contact, at a company or on their own; without an owner it is the member's own."""


class ContactFilters(Listing):
    """Which contacts, in which order, and what of them."""

    q: Sought = ""
    owner_id: UUID | None = None
    company_id: UUID | None = None
    lifecycle: Lifecycle | None = None
    tags: Line = Field(default="", description="A tag that they have.")
    country: Country = ""


ContactListing = listing(ContactFilters, ContactRead, CONTACT_ORDERS, "name")


@api.operation(
    "GET", "/contacts", tag="contacts", query_model=ContactListing, responses={200: list_of(sparse(ContactRead))}
)
@requires("contact:read")
def list_contacts(query: ContactFilters) -> Response:
    """List contacts.

    `q` searches names, companies' names, e-mail addresses, phone numbers and tags.
    """
    names, columns = CONTACT.select(query.fields)
    wanted = CustomerFilter(
        q=query.q, owner_id=query.owner_id, company_id=query.company_id, lifecycle=query.lifecycle or "",
        tag=query.tags, country=query.country,
    )  # fmt: skip
    after = start(query, "contacts", CONTACT_ORDERS)
    page = records(Contact, current_member(), wanted, columns=columns, sort=query.sort, after=after, limit=query.limit)
    return listed(page, names, CONTACT, query, "contacts")


@api.operation(
    "POST", "/contacts", tag="contacts", request_model=NewContact, responses={201: ContactRead}, etag=True,
    idempotent=True,
)  # fmt: skip
@requires("contact:create")
def create_contact(body: NewContact) -> Response:
    """Make a contact."""
    contact = actions.create_contact(body, actor=current_member(), contact_id=taken_id(body))
    return made(CONTACT.of(contact), f"contacts/{contact.id}")


@api.operation("GET", "/contacts/<uuid:contact_id>", tag="contacts", responses={200: ContactRead}, etag=True)
@requires("contact:read")
def show_contact(contact_id: UUID) -> Response:
    """Show a contact."""
    return shown(_contact(contact_id))


@api.operation(
    "PATCH", "/contacts/<uuid:contact_id>", tag="contacts", request_model=ContactPatch, responses={200: ContactRead},
    etag=True, if_match=True, idempotent=True,
)  # fmt: skip
@requires("contact:update")
def change_contact(contact_id: UUID, body: ContactWrite) -> Response:
    """Change a contact."""
    contact = queries.get_contact(contact_id, member=current_member())
    version = agreed_version(contact, lambda: _contact(contact_id))
    actions.update_contact(contact, body, actor=current_member(), version=version)
    return shown(CONTACT.of(contact))


@api.operation(
    "DELETE", "/contacts/<uuid:contact_id>", tag="contacts", responses={204: None}, if_match=True, idempotent=True
)
@requires("contact:delete")
def recycle_contact(contact_id: UUID) -> Response:
    """Put a contact into the recycle bin."""
    contact = queries.get_contact(contact_id, member=current_member())
    version = agreed_version(contact, lambda: _contact(contact_id))
    actions.recycle(contact, actor=current_member(), version=version)
    return gone()


def _contact(contact_id: UUID) -> Fields:
    names, columns = CONTACT.select()
    return CONTACT.shown(names, record(Contact, contact_id, current_member(), columns))
