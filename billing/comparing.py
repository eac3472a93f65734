"""Stripe's subscriptions beside our rows, a page at a time: who differs, who is not known, and whose is nobody's."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import structlog
from sqlalchemy import and_, or_, select, update
from sqlalchemy.exc import IntegrityError

from billing.errors import BillingError
from billing.held import Held
from billing.models import Subscription
from billing.report import Report
from billing.rules import standing_of
from billing.settling import OF_STANDING
from billing.stripe_asking import in_pages
from billing.stripe_facts import StripeFacts, SubscriptionFacts
from billing.subscriptions import held_of, of_customers
from tenants.db import SHARED, db
from tenants.directory import shared_reader
from tenants.models import DeletionCertificate, Tenant

if TYPE_CHECKING:
    from billing.stripe_gateway import StripeGateway

log = structlog.get_logger(__name__)
PAYS = frozenset({"active", "past_due", "read_only"})


@dataclass(slots=True)
class Compared:
    """Who is at Stripe as we know them, who is to be looked at closely, and who pays here by what Stripe lacks."""

    seen: set[UUID] = field(default_factory=set)
    differ: dict[UUID, None] = field(default_factory=dict)
    missing: list[Held] = field(default_factory=list)


def compare(gateway: StripeGateway, at: datetime, report: Report) -> Compared:
    """Return who differs, in the order in which they were found; raises StripeUnreachable and StripeRefused.

    A request for a hundred subscriptions that go on, and a statement for their rows; then one for each thousand rows.
    """
    found = Compared()
    for page in in_pages(gateway.subscriptions()):
        rows = of_customers({sub.customer_id for sub in page}, {sub.tenant_id for sub in page if sub.tenant_id})
        by_customer = {row.customer_id: row for row in rows if row.customer_id}
        orphans = []
        for sub in page:
            row = by_customer.get(sub.customer_id)
            if row is None:
                orphans.append(sub)
                continue
            if row.tenant_id in found.seen or differs(row, sub, at):  # a second one is to be ended
                found.differ[row.tenant_id] = None
            found.seen.add(row.tenant_id)
        _claim(gateway, orphans, {row.tenant_id: row for row in rows}, found, report)
    _find_missing(found, report)
    return found


def differs(row: Held, sub: SubscriptionFacts, at: datetime) -> bool:
    """Whether something else would be held of who has this one subscription that goes on.

    Since when it is owed is not told by it; that is taken from the row, and who is owed to without that is looked at.
    """
    if sub.owes and row.past_due_since is None:
        return True
    known = replace(sub, unpaid_since=row.past_due_since) if sub.owes else sub
    standing = standing_of(StripeFacts(sub.customer_id, known), row, at)
    return bool(standing.surplus) or any(getattr(standing, name) != getattr(row, name) for name in OF_STANDING)


def _claim(
    gateway: StripeGateway, orphans: list[SubscriptionFacts], rows: dict[UUID, Held], found: Compared, report: Report
) -> None:
    """Find whose those are that no row knows: of a customer that was not noted, or of a workspace that is deleted.

    Only where a certificate says that the workspace was deleted its subscription is ended. What is of nobody we ever
    knew is told and left alone: this database may be an older one.
    """
    deleted = _deleted({sub.tenant_id for sub in orphans if sub.tenant_id and sub.tenant_id not in rows})
    for sub in orphans:
        row = rows.get(sub.tenant_id) if sub.tenant_id else None
        if row is not None and row.customer_id is None and _adopt(sub, report):
            found.seen.add(row.tenant_id)
            found.differ[row.tenant_id] = None
        elif row is None and sub.tenant_id in deleted:
            _end(gateway, sub, report)
        else:
            report.unknown.append(sub.subscription_id)


def _adopt(sub: SubscriptionFacts, report: Report) -> bool:
    """Note the customer of who has none; False where another was noted meanwhile, or this one is another's already."""
    mine = update(Subscription).where(Subscription.tenant_id == sub.tenant_id, Subscription.customer_id.is_(None))
    try:
        with db.engines[SHARED].begin() as connection:
            done = connection.execute(mine.values(customer_id=sub.customer_id)).rowcount == 1
    except IntegrityError:
        log.error("customer is another workspace's already", tenant=str(sub.tenant_id), customer=sub.customer_id)
        return False
    if done:
        report.adopted.append(str(sub.tenant_id))
    return done


def _end(gateway: StripeGateway, sub: SubscriptionFacts, report: Report) -> None:
    try:
        gateway.end(sub.subscription_id, credit=False, key=f"end-{sub.subscription_id}")
    except BillingError as failed:
        report.failed[sub.subscription_id] = f"{type(failed).__name__}: {failed.message}"
    else:
        report.ended.append(sub.subscription_id)


def _deleted(tenants: set[UUID]) -> set[UUID]:
    """Return those of some tenants that were deleted by a certificate, and are not there."""
    if not tenants:
        return set()
    gone = select(DeletionCertificate.tenant_id).where(
        DeletionCertificate.tenant_id.in_(tenants), ~select(Tenant.id).where(
            Tenant.id == DeletionCertificate.tenant_id).exists()
    )  # fmt: skip
    with shared_reader() as connection:
        return set(connection.scalars(gone))


def _find_missing(found: Compared, report: Report) -> None:
    """Find who has a subscription by our rows, and none that goes on at Stripe: it may have ended, or be owed for.

    And who went to Checkout and was never looked at: they may have paid and ended while nothing was heard of it.
    """
    report.looked = len(found.seen)
    never_looked_at = and_(Subscription.customer_id.is_not(None), Subscription.settled == 0)
    for row in held_of(or_(Subscription.source == "stripe", never_looked_at)):
        if row.tenant_id not in found.seen:
            report.looked += 1
            found.differ[row.tenant_id] = None
            if row.customer_id and row.state in PAYS:
                found.missing.append(row)
