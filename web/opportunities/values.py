"""Deals as forms write them: labels, and a record's fields as texts."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

from babel import numbers

from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import spoken
from saas_crm.core.money import Money, minor_digits
from saas_crm.opportunities.models import Opportunity
from saas_crm.opportunities.people import contact_ids_of

PLAIN = ("name", "company_id", "contact_id", "stage_id", "owner_id", "expected_close", "description")


def deal_labels() -> dict[str, str]:
    """Return the label of each field of a deal, in the order of the form."""
    return {
        "name": _("Name"), "company_id": _("Company"), "contact_id": _("Contact"), "amount": _("Amount"),
        "expected_close": _("Expected close"), "stage_id": _("Stage"), "owner_id": _("Owner"),
        "contact_ids": _("Further contacts"), "contact_add": _("Further contacts"), "description": _("Description"),
    }  # fmt: skip


def deal_values(deal: Any, currency: str, contact_ids: list[UUID] | None = None) -> dict[str, str]:
    """Return a deal's fields, or a checked form's, as the form writes them.

    `contact_ids` are the further contacts where the value does not hold them itself.
    """
    values = {name: _text(getattr(deal, name)) for name in PLAIN}
    further = getattr(deal, "contact_ids", []) if contact_ids is None else contact_ids
    values["contact_ids"] = ",".join(sorted(str(contact_id) for contact_id in further))
    return values | {"amount": plain_amount(deal.amount, currency)}


def stored_values(deal: Opportunity) -> dict[str, str]:
    """Return what is stored of a deal, its further contacts too."""
    return deal_values(deal, deal.currency, contact_ids_of([deal.id])[deal.id])


def reader_of(deal: Opportunity) -> Callable[[Any], dict[str, str]]:
    """Return what writes a checked form, or this deal as it is or was, as form values.

    Further contacts are no column of the deal: a stored one has those it has now.
    """
    present = contact_ids_of([deal.id])[deal.id]

    def write(value: Any) -> dict[str, str]:
        own = getattr(value, "contact_ids", None)  # a checked form has them, and the deal as it was where they changed
        return deal_values(value, deal.currency, present if own is None else own)

    return write


def plain_amount(amount: Money | Decimal | str | None, currency: str) -> str:
    """Write an amount as the reader would type it: their marks, no currency, "" for none."""
    if isinstance(amount, Money):
        amount = amount.amount
    amount = Decimal(amount or 0)  # 0 too where the reader does not get it
    if not amount:
        return ""
    whole = amount == amount.to_integral_value()
    pattern = "#,##0" if whole else "#,##0." + "0" * minor_digits(currency)
    return numbers.format_decimal(amount, format=pattern, locale=spoken())


def _text(value: Any) -> str:
    return "" if value is None else str(value)
