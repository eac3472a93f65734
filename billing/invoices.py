"""Invoices, as Stripe has them: nothing of them is kept here."""

from __future__ import annotations

from dataclasses import replace

from billing.gateways import gateway_needed
from billing.stripe_facts import InvoicePage, NextInvoice
from billing.subscriptions import held
from tenants.context import ActiveTenant
from tenants.settings import Settings

SHOWN = 24


def invoices(settings: Settings, tenant: ActiveTenant, limit: int = SHOWN, after: str = "") -> InvoicePage:
    """Return a workspace's invoices, newest first, from `InvoicePage.older` of a page before on.

    Raises NoSuchPage, StripeUnreachable and StripeRefused.
    """
    gateway, row = gateway_needed(settings), held(tenant.id)
    if row is None or not row.customer_id:
        return InvoicePage()
    page = gateway.invoices(row.customer_id, limit, after)
    return replace(page, lines=tuple(one for one in page.lines if one.state != "draft"))


def upcoming(settings: Settings, tenant: ActiveTenant) -> NextInvoice | None:
    """Return what is charged next, and when; None where nothing will be. Raises the same."""
    gateway, row = gateway_needed(settings), held(tenant.id)
    if row is None or not row.subscription_id or row.state not in ("active", "past_due") or row.cancel_at_period_end:
        return None
    return gateway.upcoming(row.subscription_id)
