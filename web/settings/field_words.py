"""Single fields of records and the rules that roles have for them, in words."""

from __future__ import annotations

from saas_crm.access.role_words import resource_words
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import pgettext
from web.customers.values import company_labels, contact_labels
from web.numbers import number_label
from web.opportunities.values import deal_labels


def rule_words() -> dict[str, str]:
    """Return the name of each rule, none at all first."""
    return {
        "": pgettext("field rule", "See and edit"), "read-only": pgettext("field rule", "See only"),
        "masked": pgettext("field rule", "See in part"), "hidden": pgettext("field rule", "Hidden"),
    }  # fmt: skip


def field_labels(resource: str) -> dict[str, str]:
    """Return what the fields of a kind of record are called, where roles may have rules for them."""
    labels = {"company": company_labels, "contact": contact_labels, "opportunity": deal_labels}[resource]()
    return labels | {"address": _("Address"), "number": number_label(resource)}


def field_words(key: str) -> str:
    """Return a field with its record: "Contacts: Phone"."""
    resource, _dot, field = key.partition(".")
    return _("%(resource)s: %(action)s", resource=resource_words()[resource], action=field_labels(resource)[field])
