"""How an opportunity is shown."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from mobile_api.numbers import unnumbered
from mobile_api.shapes import Fields, Shape
from saas_crm.core.money import minor_digits
from saas_crm.opportunities.models import Opportunity
from saas_crm.opportunities.records import CONTACT_IDS, Loaded
from saas_crm.opportunities.schemas import OpportunityRead
from tenants.veils import is_veiled


def _with_money(record: Fields) -> None:
    """Make one value of amount and currency; what is stored is in whole minor units already. One not told is null."""
    if "amount" in record:
        currency: str = record.pop("currency")
        amount: Decimal = record["amount"]
        shown = {"amount": f"{amount:.{minor_digits(currency)}f}", "currency": currency}
        record["amount"] = None if is_veiled(amount) else shown


_COLUMNS: dict[str, Any] = {
    name: CONTACT_IDS if name == "contact_ids" else getattr(Opportunity, name) for name in OpportunityRead.model_fields
}
OPPORTUNITY = Shape(
    OpportunityRead, _COLUMNS, hidden={"amount": ("currency", Opportunity.currency)}, finish=_with_money
)


def shown_deal(loaded: Loaded) -> Fields:
    """Return what is shown of a loaded deal."""
    return OPPORTUNITY.of(loaded.deal, contact_ids=loaded.contact_ids, **unnumbered())
