"""The numbers of records in words, and whether a reader gets them."""

from __future__ import annotations

from typing import Any

from saas_crm.access.field_rules import may_know
from saas_crm.access.numbering import has_numbers, numbers_kept
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.current import current_member


def number_label(resource: str) -> str:
    """Return what the numbers of a kind of record are called."""
    return {"company": _("Customer number"), "opportunity": _("Deal number")}.get(resource, _("Number"))


def shows_numbers(resource: str) -> bool:
    """Whether lists show the numbers of a kind of record to the reader, and can be narrowed by them."""
    member = current_member()
    return has_numbers(member, resource) and may_know(member, resource, "number")


def number_of(record: Any) -> dict[str, str]:
    """Return a record's number and what it is called, as its page shows them; "" is none."""
    return {
        "number": (record.number or "") if numbers_kept() else "", "number_label": number_label(record.__resource__),
    }  # fmt: skip
