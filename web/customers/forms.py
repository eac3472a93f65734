"""What the forms of companies and of contacts have in common: choices, twins, values made readable."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from uuid import UUID

from babel import Locale
from flask import g, request, url_for

from saas_crm.access.queries import member_names
from saas_crm.core.emails import parse_email
from saas_crm.core.errors import InvalidInput
from saas_crm.core.fields import parse_website
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import spoken
from saas_crm.core.phones import parse_phone
from saas_crm.core.places import name_order
from saas_crm.customers import duplicates
from saas_crm.customers.choosing import name_of, tags_in_use
from saas_crm.customers.duplicates import Twin
from saas_crm.customers.models import Company
from saas_crm.edge.current import current_member
from web.customers.values import company_labels, company_values, contact_labels, contact_values, lifecycles
from web.formatting import country_name
from web.lists import asked, asked_id
from web.locked import locked_fields, rule_notes


def choices(model: Any, record: Any) -> dict[str, Any]:
    """Return what a customer form offers; the owner only to those who may give records to others."""
    member = current_member()
    resource = model.__resource__
    blueprint = "companies" if model is Company else "contacts"
    labels, values_of = _writing[resource]
    values = values_of(record) if record else None
    return {
        "locked": locked_fields(resource, labels(), values, readable),
        "notes": rule_notes(resource, new=record is None),
        "lifecycles": lifecycles(), "countries": countries(spoken()),
        "tags_offered": tags_in_use(model, member),
        "may_assign": member.can(f"{resource}:assign"), "owner_hint": "" if record else _("You, if nobody is named."),
        "twins_url": url_for(f"{blueprint}.twins", **({"but": record.id} if record else {})),
        "may_see_twins": member.can(f"{resource}:create"),
    }  # fmt: skip


_writing: dict[str, tuple[Any, Any]] = {
    "company": (company_labels, company_values),
    "contact": (contact_labels, contact_values),
}


def presets() -> dict[str, str]:
    """Return what a new customer's form says before anybody writes: most are where the workspace is."""
    return {"lifecycle": "potential", "country": g.tenant.country}


@lru_cache(8)
def countries(locale: str) -> list[tuple[str, str]]:
    """Return all countries by name, in the reader's language and in its order."""
    territories = Locale.parse(locale).territories
    named = [(code, name) for code, name in territories.items() if len(code) == 2 and code not in _NO_COUNTRY]
    order = name_order(locale)
    return sorted(named, key=lambda pair: order(pair[1]))


_NO_COUNTRY = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})


def check_owner_given(data: Any) -> None:
    """Refuse a form that would leave a record without an owner. Raises InvalidInput."""
    if "owner_id" in data.model_fields_set and data.owner_id is None:
        raise InvalidInput({"owner_id": _("This is needed.")})


def readable(name: str, value: str) -> str:
    """Return a form value as a person reads it: names for ids and codes."""
    if not value:
        return ""
    if name == "owner_id":
        return next((row.name for row in member_names() if str(row.id) == value), "")
    if name == "company_id":
        return name_of(Company, UUID(value), current_member())
    if name == "lifecycle":
        return dict(lifecycles()).get(value, value)
    return country_name(value) if name == "country" else value


def company_twins() -> list[Twin]:
    """Return companies that may be the one whose fields the query string carries."""
    return duplicates.company_twins(
        current_member(), name=asked("name"), phone=_phone("phone"), email=_email(), website=_website(),
        but=asked_id("but"),
    )  # fmt: skip


def contact_twins() -> list[Twin]:
    """Return contacts that may be the one whose fields the query string carries."""
    return duplicates.contact_twins(
        current_member(), name=asked("name"), email=_email(), phones=(_phone("phone"), _phone("mobile")),
        but=asked_id("but"),
    )  # fmt: skip


def _phone(name: str) -> str:
    try:
        return parse_phone(asked(name), g.tenant.country) if asked(name) else ""
    except ValueError:
        return ""  # half a number, while it is typed


def _email() -> str:
    try:
        return parse_email(asked("email")) if asked("email") else ""
    except ValueError:
        return ""


def _website() -> str:
    try:
        return parse_website(request.args.get("website", "")[:200].strip())
    except ValueError:
        return ""
