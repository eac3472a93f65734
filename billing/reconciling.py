"""Every night all of it is compared with Stripe: what differs is mended and reported, whatever had got lost."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import structlog
from sqlalchemy import select, update

from billing import events, seats
from billing.errors import BillingError, StripeUnreachable
from billing.gateways import gateway_needed
from billing.held import Held
from billing.models import BillingIdentity, Subscription
from billing.settling import OF_STANDING, settle
from billing.stripe_facts import SubscriptionFacts
from billing.subscriptions import held, with_customers
from saas_crm.core.clock import now as present
from tenants.db import SHARED, db
from tenants.directory import shared_reader
from tenants.models import DeletionCertificate, Tenant
from tenants.settings import Settings

if TYPE_CHECKING:
    from billing.stripe_gateway import StripeGateway

log = structlog.get_logger(__name__)
BATCH = 200
LOOKS_BACK = timedelta(days=2)
KEPT_BY_STRIPE = timedelta(days=29)


@dataclass(slots=True)
class Report:
    """What was found: how many were looked at, what was mended of whom, and what needs a person."""

    looked: int = 0
    mended: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    adopted: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    missed_events: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)

    def counts(self) -> dict[str, int]:
        """Return how much there is of each."""
        return {name: value if isinstance(value, int) else len(value) for name, value in asdict(self).items()}


def reconcile(settings: Settings, *, now: datetime | None = None) -> Report:
    """Compare every subscription with Stripe and mend what differs; returns, and keeps, what was found.

    Raises BillingOff, and StripeUnreachable: what was mended until then stays.
    """
    gateway, at, report = gateway_needed(settings), now or present(), Report()
    _claim(gateway, report)
    after: UUID | None = None
    while batch := with_customers(after, BATCH):
        for tenant_id in batch:
            _one(settings, tenant_id, at, report)
        after = batch[-1]
    last = events.last_known() or at - LOOKS_BACK
    since = max(min(last, at) - LOOKS_BACK, at - KEPT_BY_STRIPE)
    report.missed_events = events.keep_missed(list(gateway.events_since(since)))
    _keep(report, at)
    return report


def _one(settings: Settings, tenant_id: UUID, at: datetime, report: Report) -> None:
    """Settle one, and count its people anew: invitations end by themselves."""
    report.looked += 1
    try:
        found = settle(settings, tenant_id, now=at)
        seats.count_anew(tenant_id, now=at)
        seats.send_due(settings, tenant_id, now=at)
    except StripeUnreachable:
        raise
    except BillingError as failed:
        report.failed[str(tenant_id)] = f"{type(failed).__name__}: {failed.message}"
        return
    except Exception as failed:
        log.error("subscription could not be compared", tenant=str(tenant_id), exc_info=failed)
        report.failed[str(tenant_id)] = type(failed).__name__
        return
    if found is not None and (changes := _differences(found.before, found.after)):
        report.mended[str(tenant_id)] = changes


def _differences(before: Held, after: Held) -> dict[str, list[str]]:
    names = (name for name in OF_STANDING if getattr(before, name) != getattr(after, name))
    return {name: [str(getattr(before, name)), str(getattr(after, name))] for name in names}


def _claim(gateway: StripeGateway, report: Report) -> None:
    """Find subscriptions that no row knows: of a customer that was not noted, or of a workspace that is deleted.

    Only where a certificate says that the workspace was deleted its subscription is ended. What is of nobody we ever
    knew is told and left alone: this database may be an older one.
    """
    for sub in gateway.subscriptions():
        row = held(sub.tenant_id) if sub.tenant_id else None
        if row is not None and row.customer_id == sub.customer_id:
            continue
        if row is not None and row.customer_id is None:
            _adopt(sub)
            report.adopted.append(str(sub.tenant_id))
        elif sub.tenant_id is not None and _was_deleted(sub.tenant_id):
            gateway.end(sub.subscription_id, credit=False, key=f"end-{sub.subscription_id}")
            report.ended.append(sub.subscription_id)
        else:
            report.unknown.append(sub.subscription_id)


def _adopt(sub: SubscriptionFacts) -> None:
    with db.engines[SHARED].begin() as connection:
        mine = update(Subscription).where(Subscription.tenant_id == sub.tenant_id, Subscription.customer_id.is_(None))
        connection.execute(mine.values(customer_id=sub.customer_id))


def _was_deleted(tenant_id: UUID) -> bool:
    deleted = select(DeletionCertificate.id).where(DeletionCertificate.tenant_id == tenant_id).exists()
    there = select(Tenant.id).where(Tenant.id == tenant_id).exists()
    with shared_reader() as connection:
        return bool(connection.scalar(select(deleted & ~there)))


def _keep(report: Report, at: datetime) -> None:
    with db.engines[SHARED].begin() as connection:
        connection.execute(update(BillingIdentity).values(reconciled_at=at, report=asdict(report)))
