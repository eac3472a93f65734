"""The page of Stripe's where one changes how one pays, and finds all invoices."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from billing.checkout import page_language
from billing.errors import NothingToDo, StripeRefused
from billing.gateways import gateway_needed
from billing.settling import settle
from billing.subscriptions import held
from tenants.context import ActiveTenant
from tenants.settings import Settings

if TYPE_CHECKING:
    from billing.stripe_gateway import StripeGateway

UPDATE_CARD = "payment_method_update"


def portal_url(settings: Settings, tenant: ActiveTenant, *, return_url: str, flow: str = "") -> str:
    """Return the address of the page, at once at changing how one pays with the flow UPDATE_CARD.

    Raises NothingToDo for who was never a customer, StripeRefused and StripeUnreachable.
    """
    gateway, row = gateway_needed(settings), held(tenant.id)
    if row is None or not row.customer_id:
        raise NothingToDo("no customer")
    try:
        return gateway.open_portal(
            row.customer_id, configuration=_configuration(gateway), return_url=return_url,
            language=page_language(tenant), flow=flow if flow == UPDATE_CARD else "",
        )  # fmt: skip
    except StripeRefused as refused:
        if refused.code != "resource_missing":
            raise
        _configuration.cache_clear()
        settle(settings, tenant.id)  # it was the customer, or our configuration: both are found anew
        raise NothingToDo("no customer") from None


@lru_cache(maxsize=8)
def _configuration(gateway: StripeGateway) -> str:
    """Return our portal's configuration, asked for once in a process."""
    return gateway.portal_configuration()
