"""Customers as forms write them: labels, choices, and a record's fields as texts."""

from __future__ import annotations

import re
from typing import Any

from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import pgettext
from saas_crm.customers.models import LIFECYCLES
from web.formatting import phone

ADDRESS = ("street", "postcode", "city", "region", "country")
_HAN = re.compile("[\u4e00-\u9fff]")


def lifecycles() -> list[tuple[str, str]]:
    """Return the lifecycles to choose from, in the reader's language."""
    words = {
        "potential": _("Potential"), "new": _("New"), "active": _("Active"), "dormant": _("Dormant"),
        "lost": pgettext("lifecycle", "Lost"),
    }  # fmt: skip
    return [(code, words[code]) for code in LIFECYCLES]


def sorts(companies: bool) -> list[tuple[str, str]]:
    """Return the orders of a list of companies, or of contacts."""
    return [
        ("name", _("Name") if companies else pgettext("person", "Name")),
        ("-last_activity_at", _("Last contact")), ("-updated_at", _("Changed last")),
        ("-created_at", _("Newest")),
    ]  # fmt: skip


def company_labels() -> dict[str, str]:
    """Return the label of each field of a company, in the order of the form."""
    return {
        "name": _("Name"), "phone": _("Phone"), "email": _("E-mail"), "website": _("Website"),
        "industry": _("Industry"), "lifecycle": _("Lifecycle"), "owner_id": _("Owner"), "tags": _("Tags"),
        **_address_labels(), "description": _("Notes"),
    }  # fmt: skip


def contact_labels() -> dict[str, str]:
    """Return the label of each field of a contact, in the order of the form."""
    return {
        "name": pgettext("person", "Name"), "company_id": _("Company"), "job_title": _("Job title"),
        "mobile": _("Mobile"), "phone": _("Phone"), "email": _("E-mail"), "birthday": _("Birthday"),
        "lifecycle": _("Lifecycle"), "owner_id": _("Owner"), "tags": _("Tags"), **_address_labels(),
        "description": _("Notes"),
    }  # fmt: skip


def _address_labels() -> dict[str, str]:
    return {
        "street": _("Street"), "postcode": _("Postcode"), "city": _("City"), "region": _("Region"),
        "country": _("Country"),
    }  # fmt: skip


def company_values(company: Any) -> dict[str, str]:
    """Return a company's fields, or a checked form's, as the form writes them."""
    return _texts(company, tuple(company_labels()))


def contact_values(contact: Any) -> dict[str, str]:
    """Return a contact's fields, or a checked form's, as the form writes them."""
    return _texts(contact, tuple(contact_labels()))


def _texts(record: Any, names: tuple[str, ...]) -> dict[str, str]:
    return {name: _text(name, getattr(record, name)) for name in names}


def _text(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name in ("phone", "mobile"):
        return phone(value)
    if isinstance(value, list):
        return ", ".join(value)
    return str(value)


def address_line(record: Any, country: str) -> str:
    """Return a postal address in one line; `country` is its name, "" where it need not be said.

    An address in Chinese characters goes from the large to the small, without spaces: 江苏省苏州市科技园路12号.
    """
    if _HAN.search(record.city or record.street or ""):
        place = "".join(part for part in (country, record.region, record.city, record.street) if part)
        return " ".join(part for part in (record.postcode, place) if part)
    town = " ".join(part for part in (record.postcode, record.city) if part)
    region = "" if record.region == record.city else record.region  # Hamburg, Berlin, Wien
    return ", ".join(part for part in (record.street, town, region, country) if part)
