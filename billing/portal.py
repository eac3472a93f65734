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

    def opened(configuration: str, customer_id: str) -> str:
        return gateway.open_portal(
            customer_id, configuration=configuration, return_url=return_url, language=page_language(tenant),
            flow=flow if flow == UPDATE_CARD else "",
        )  # fmt: skip

    ours = _configuration(gateway)
    try:
        return opened(ours, row.customer_id)
    except StripeRefused as refused:
        if refused.param in ("configuration", ""):
            return opened(_instead_of(gateway, ours, refused), row.customer_id)
        if refused.code != "resource_missing":
            raise
    settle(settings, tenant.id)  # the customer is gone
    row = held(tenant.id)
    if row is None or not row.customer_id:
        raise NothingToDo("no customer")
    return opened(ours, row.customer_id)


def _instead_of(gateway: StripeGateway, former: str, refused: StripeRefused) -> str:
    """Return another configuration where ours was switched off or deleted; raises what Stripe `refused` where not.

    Where Stripe names no parameter that is looked up: one that is there still was not what it refused.
    """
    if refused.param == "" and gateway.portal_configuration() == former:
        raise refused
    _configuration.cache_clear()
    return _configuration(gateway, former)


@lru_cache(maxsize=8)
def _configuration(gateway: StripeGateway, instead_of: str = "") -> str:
    """Return our portal's configuration, asked for once in a process; `instead_of` one that is not taken any more."""
    return gateway.portal_configuration(instead_of)
