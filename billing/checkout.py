"""Subscribing: on a page of Stripe's, so that no card ever comes near us."""

from __future__ import annotations

from datetime import datetime, timedelta
from secrets import token_hex
from typing import TYPE_CHECKING
from uuid import UUID

import structlog
from sqlalchemy import or_, update
from sqlalchemy.dialects.postgresql import insert

from billing.errors import CustomerGone, DeletionPending, NothingToDo, StripeRefused
from billing.gateways import gateway_needed
from billing.held import Held
from billing.models import Subscription
from billing.plans import catalogue
from billing.settling import settle
from billing.stripe_facts import StripeFacts
from billing.subscriptions import held, take_number
from billing.syncing import offered
from saas_crm.access.permissions import CurrentMember
from saas_crm.core.clock import now as present
from tenants.context import ActiveTenant
from tenants.db import SHARED, db
from tenants.settings import Settings
from tenants.standing import BILLING, DELETION

if TYPE_CHECKING:
    from billing.stripe_gateway import StripeGateway

log = structlog.get_logger(__name__)
MOST_GONE = 3
"""Customers in a row that may be gone, before that is told to who asks."""
HOSTS = ("https://checkout.stripe.com", "https://billing.stripe.com", "https://invoice.stripe.com")
PAGE_LANGUAGES = {"zh_Hans": "zh", "zh_Hant": "zh-TW"}
"""Our languages as Checkout and portal call them; English is `en`."""
INVOICE_LANGUAGES = {"zh_Hans": "zh-CN", "zh_Hant": "zh-TW"}


def hosts(settings: Settings) -> tuple[str, ...]:
    """Return where people are sent to pay, for the pages' policy of where forms may lead."""
    return (settings.stripe_api_base,) if settings.stripe_api_base else HOSTS


def start_checkout(
    settings: Settings, tenant: ActiveTenant, *, plan: str, interval: str, currency: str, seats: int,
    actor: CurrentMember, success_url: str, cancel_url: str, email: str = "", now: datetime | None = None,
) -> str:  # fmt: skip
    """Return the address of the page where a workspace pays for its subscription, and becomes a customer of Stripe's.

    Raises DeletionPending where its people let it be deleted, NothingToDo where a subscription goes on already (that
    one is to be changed), StripeRefused where the price is not at Stripe yet (`saas-crm billing sync`), and
    StripeUnreachable.
    """
    if any(one.cause == DELETION and one.reason != BILLING for one in tenant.suspensions):
        raise DeletionPending("to be deleted")
    gateway, price = gateway_needed(settings), offered(plan, interval, currency)
    if price is None:
        raise StripeRefused(f"no price {plan} {interval} {currency}: run `saas-crm billing sync`", "no_price")
    row = _row(tenant.id, now or present())
    if row.source == "manual" and row.state in ("active", "past_due"):
        raise NothingToDo("an operator looks after this plan")
    known = _known(gateway, tenant.id, row.customer_id)
    customer_id, found = known.customer_id, known.subscription
    if found is not None and found.lives:
        settle(settings, tenant.id, now=now)
        raise NothingToDo("a subscription goes on")
    gateway.tell_customer(
        customer_id,
        name=tenant.name,
        email=email or actor.email,
        languages=[INVOICE_LANGUAGES.get(tenant.locale, "en")],
    )
    return gateway.start_checkout(
        customer_id, tenant.id, price_id=price[0], seats=max(seats, 1), language=page_language(tenant),
        success_url=success_url, cancel_url=cancel_url,
        key=f"checkout-{tenant.id}-{take_number(tenant.id)}-{token_hex(8)}",
    )  # fmt: skip


def page_language(tenant: ActiveTenant) -> str:
    """Return what Stripe's pages call the workspace's language."""
    return PAGE_LANGUAGES.get(tenant.locale, "en")


def returned(settings: Settings, tenant: ActiveTenant, session_id: str, *, now: datetime | None = None) -> None:
    """Look at once, when somebody comes back from paying, so that the page need not wait for the webhook.

    Whatever the address names, only the workspace's own state is looked up. Raises StripeUnreachable.
    """
    if session_id:
        settle(settings, tenant.id, now=now)


def _known(gateway: StripeGateway, tenant_id: UUID, customer_id: str | None) -> StripeFacts:
    """Return what Stripe says of a tenant's customer, who is made where there is none, or Stripe has them no more."""
    known = customer_id or become_customer(gateway, tenant_id)
    for _attempt in range(MOST_GONE):
        try:
            return gateway.facts(known)
        except CustomerGone:
            log.error("customer is not there at Stripe any more; another is made", tenant=str(tenant_id), was=known)
            known = become_customer(gateway, tenant_id, instead_of=known)
    return gateway.facts(known)


def become_customer(gateway: StripeGateway, tenant_id: UUID, instead_of: str = "") -> str:
    """Return the id of a tenant's customer at Stripe, made now if there is none: of two who do so at once, one.

    `instead_of` is one that Stripe has no more.
    """
    made = gateway.make_customer(tenant_id, instead_of)
    with db.engines[SHARED].begin() as connection:
        none = or_(Subscription.customer_id.is_(None), Subscription.customer_id == instead_of)
        connection.execute(
            update(Subscription).where(Subscription.tenant_id == tenant_id, none).values(customer_id=made)
        )
    row = held(tenant_id)
    return row.customer_id if row and row.customer_id else made


def _row(tenant_id: UUID, at: datetime) -> Held:
    """Return the tenant's row; one that is older than billing gets its trial from now on."""
    row = held(tenant_id)
    if row is not None:
        return row
    trial = catalogue().trial
    with db.engines[SHARED].begin() as connection:
        connection.execute(insert(Subscription).values(
            tenant_id=tenant_id, plan=trial.plan, state="trialing", source="none", state_since=at,
            trial_ends_at=at + timedelta(days=trial.days),
        ).on_conflict_do_nothing())  # fmt: skip
    row = held(tenant_id)
    assert row is not None
    return row
