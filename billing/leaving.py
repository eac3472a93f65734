"""What is left of a workspace's billing once it is deleted: here nothing about its people, at Stripe its invoices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import select, update

from billing.closing import customer_of
from billing.errors import BillingError, CustomerGone
from billing.gateways import gateway_of
from billing.models import StripeEvent
from billing.subscriptions import held
from saas_crm.core.jobs import defer
from saas_crm.workspaces.events import DeletionComes, WorkspaceGoes
from tenants.db import SHARED, db
from tenants.models import DeletionCertificate, Tenant
from tenants.runtime import settings_if_running
from tenants.settings import Settings

if TYPE_CHECKING:
    from billing.stripe_gateway import StripeGateway

log = structlog.get_logger(__name__)
AT_STRIPE = "stripe"
_KNOWS = "SELECT to_regclass('public.stripe_events') IS NOT NULL"
_FORGET = """
    UPDATE public.stripe_events SET payload = '{}', object_id = NULL, customer_id = NULL, error = NULL,
        worked_at = coalesce(worked_at, now())
    WHERE tenant_id = %(tenant)s OR customer_id = %(customer)s
"""
_HAS_PAID = """
    SELECT EXISTS (SELECT FROM public.subscriptions WHERE tenant_id = %(tenant)s AND subscription_id IS NOT NULL)
        OR EXISTS (SELECT FROM public.billing_changes
                   WHERE tenant_id = %(tenant)s AND kind IN ('converted', 'started'))
"""


def end_before(comes: DeletionComes) -> None:
    """End what a workspace pays for at once, before it is deleted.

    Where Stripe does not answer the deletion goes on: the job that `leave` queues with it does the same, until it is
    done, and after that the nightly round does.
    """
    settings = settings_if_running()
    if settings is None or not settings.bills:
        return
    row = held(comes.tenant_id)
    if row is None or not row.customer_id:
        return
    try:
        gateway = gateway_of(settings)
        if gateway is not None:
            _end_all(gateway, row.customer_id)
    except BillingError as failed:
        log.warning("subscription is ended after the workspace", tenant=str(comes.tenant_id), why=failed.message)


def leave(goes: WorkspaceGoes) -> None:
    """Forget what Stripe has told of a workspace, and let its customer be ended, all with its deletion.

    The certificate names the customer where there are invoices, which have to be kept.
    """
    connection, tenant_id = goes.connection, goes.tenant_id
    if connection.execute(_KNOWS).fetchone() != (True,):
        return
    customer = customer_of(connection, tenant_id)
    values = {"tenant": tenant_id, "customer": customer or None}
    connection.execute(_FORGET, values)
    if not customer:
        return
    if connection.execute(_HAS_PAID, values).fetchone() == (True,):
        goes.stays[AT_STRIPE] = customer
    defer(connection, "billing.leave_stripe", tenant=str(tenant_id), customer=customer)


def leave_stripe(settings: Settings, customer_id: str) -> None:
    """End all that a customer of a deleted workspace pays for, and delete who was never invoiced.

    Done twice it is done once. Raises StripeUnreachable and StripeRefused.
    """
    gateway = gateway_of(settings)
    if gateway is None:
        log.error("no key of Stripe's: a deleted workspace's customer was not ended", customer=customer_id)
        return
    _end_all(gateway, customer_id)
    if gateway.forget_customer(customer_id):
        log.info("customer deleted at Stripe", customer=customer_id)


def _end_all(gateway: StripeGateway, customer_id: str) -> None:
    try:
        facts = gateway.facts(customer_id)
    except CustomerGone:  # deleted at Stripe, by an earlier run or by hand, and all that was paid for with it
        return
    for one in (facts.subscription, *facts.surplus):
        if one is not None and one.lives:
            gateway.end(one.subscription_id, credit=False, key=f"end-{one.subscription_id}")


def forget_if_gone(ids: Sequence[str]) -> None:
    """Forget what came after its workspace was deleted; what is of nobody we ever knew stays as it came."""
    deleted = select(DeletionCertificate.tenant_id)
    there = select(Tenant.id).where(Tenant.id == StripeEvent.tenant_id).exists()
    gone = update(StripeEvent).where(StripeEvent.id.in_(ids), StripeEvent.tenant_id.in_(deleted), ~there)
    with db.engines[SHARED].begin() as connection:
        connection.execute(gone.values(payload={}, object_id=None, customer_id=None))
