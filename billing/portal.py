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

    former = _configuration(gateway)

    def opened(configuration: str, customer_id: str) -> str:
        return gateway.open_portal(
            customer_id, configuration=configuration, return_url=return_url, language=page_language(tenant),
            flow=flow if flow == UPDATE_CARD else "",
        )  # fmt: skip

    try:
        return opened(former, row.customer_id)
    except StripeRefused:  # our configuration was switched off or deleted, or the customer is gone: both are found anew
        _configuration.cache_clear()
    settle(settings, tenant.id)
    row = held(tenant.id)
    if row is None or not row.customer_id:
        raise NothingToDo("no customer")
    return opened(_configuration(gateway, former), row.customer_id)


@lru_cache(maxsize=8)
def _configuration(gateway: StripeGateway, instead_of: str = "") -> str:
    """Return our portal's configuration, asked for once in a process; `instead_of` one that is not taken any more."""
    return gateway.portal_configuration(instead_of)
