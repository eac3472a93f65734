"""Writes of companies and contacts: permission, rule, change, search entry; never a commit."""

from __future__ import annotations

from typing import Any, TypeVar
from uuid import UUID

from saas_crm.access.field_rules import writable
from saas_crm.access.numbering import number_new
from saas_crm.access.ownership import check_may, check_owner, check_version
from saas_crm.access.permissions import CurrentMember
from saas_crm.core import limits
from saas_crm.core.clock import now
from saas_crm.core.emails import company_domain
from saas_crm.core.errors import InvalidInput, NotFound
from saas_crm.core.fields import website_domain
from saas_crm.core.forms import given
from saas_crm.core.i18n import gettext as _
from saas_crm.core.saving import insert
from saas_crm.customers.following import renew_followers
from saas_crm.customers.indexing import index, name_forms
from saas_crm.customers.models import Company, Contact
from saas_crm.customers.queries import get_company
from saas_crm.customers.schemas import CompanyWrite, ContactWrite
from saas_crm.privacy.erasures import was_erased
from saas_crm.privacy.keeping import unless_kept
from saas_crm.search import actions as search
from tenants.db import db, new_id
from tenants.veils import truth

Customer = TypeVar("Customer", Company, Contact)


def create_company(data: CompanyWrite, *, actor: CurrentMember, company_id: UUID | None = None) -> Company:
    """Make a company, the actor's own unless an owner is named; `company_id` may come from the client.

    Raises Forbidden, LimitReached, InvalidInput, AlreadyExists.
    """
    actor.require("company:create")
    limits.make_room("customers")
    company = Company(id=company_id or new_id())
    _fill(company, data, actor)
    number_new(company, actor)
    insert(company, may_exist=company_id is not None)
    index(company)
    return company


def update_company(
    company: Company, data: CompanyWrite, *, actor: CurrentMember, version: int | None = None
) -> Company:
    """Change what was given of a company; raises Forbidden, InvalidInput, VersionConflict."""
    check_may(company, "update", actor)
    check_version(company, version)
    name, owner_id = company.name, company.owner_id
    _fill(company, data, actor)
    db.session.flush()
    index(company)
    if company.owner_id != owner_id:
        search.parent_changed_owner(db.session(), company.id, company.owner_id)
    if company.name != name:
        renew_followers(company)
    return company


def create_contact(data: ContactWrite, *, actor: CurrentMember, contact_id: UUID | None = None) -> Contact:
    """Make a contact at a company the actor sees, or on their own; raises as create_company does."""
    actor.require("contact:create")
    limits.make_room("customers")
    contact = Contact(id=contact_id or new_id())
    _fill(contact, data, actor)
    insert(contact, may_exist=contact_id is not None, was_there=was_erased([contact.id]))
    index(contact)
    return contact


def update_contact(
    contact: Contact, data: ContactWrite, *, actor: CurrentMember, version: int | None = None
) -> Contact:
    """Change what was given of a contact; raises Forbidden, InvalidInput, VersionConflict."""
    check_may(contact, "update", actor)
    check_version(contact, version)
    name = contact.name
    _fill(contact, data, actor)
    db.session.flush()
    index(contact)
    if contact.name != name:
        renew_followers(contact)
    return contact


def recycle(record: Customer, *, actor: CurrentMember, version: int | None = None) -> None:
    """Put a customer into the recycle bin for 30 days; raises InvalidInput for a person who must be kept."""
    check_may(record, "delete", actor)
    check_version(record, version)
    gone = search.dropping(record.id)
    named = unless_kept(record.id, gone) if isinstance(record, Contact) else db.session.scalar(gone) is not False
    record.deleted_at, record.deleted_by_id = now(), actor.id
    db.session.flush()
    if named:
        renew_followers(record)


def restore(record: Customer, *, actor: CurrentMember) -> None:
    """Take a customer out of the recycle bin again; raises LimitReached, and Forbidden."""
    limits.make_room("customers")
    record.deleted_at = record.deleted_by_id = None
    check_may(record, "delete", actor)
    db.session.flush()
    index(record)
    renew_followers(record)


def _fill(record: Customer, data: CompanyWrite | ContactWrite, actor: CurrentMember) -> None:
    creating = record.version is None
    values = writable(given(data), record.__resource__, actor, None if creating else lambda name: getattr(record, name))
    if creating and values.get("owner_id") is None:
        values["owner_id"] = actor.id
    if "owner_id" in values and values["owner_id"] != record.owner_id:
        check_owner(record.__resource__, values["owner_id"], actor, former=record.owner_id)
    if isinstance(record, Contact) and values.get("company_id") not in (None, record.company_id):
        _check_company(values["company_id"], actor)
    for name, value in values.items():
        if getattr(record, name) != value:
            setattr(record, name, value)
    _derive(record)


def _check_company(company_id: UUID, actor: CurrentMember) -> None:
    try:
        get_company(company_id, member=actor)
    except NotFound:
        raise InvalidInput({"company_id": _("Choose one of the values offered.")}, {"company_id": "unknown"}) from None


def _derive(record: Company | Contact) -> None:
    """Renew the forms that lists sort by and duplicates are found by."""
    derived: dict[str, Any] = {**name_forms(type(record), record.name)}
    if isinstance(record, Company):
        website, email = truth(record.website), truth(record.email)
        derived["domain"] = website_domain(website or "") or company_domain(email or "") or ""
    for name, value in derived.items():
        if getattr(record, name) != value:
            setattr(record, name, value)
