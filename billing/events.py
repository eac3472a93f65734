"""What Stripe tells us: kept before anything is done with it, worked on by a job, and never believed.

An event only says that there is something to look up. So one that comes twice, late, before another or never changes
nothing about how things end: whoever looks, looks at all of it (`billing.settling`).
"""

from __future__ import annotations

import json
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import func, or_, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from billing import stripe_reading as reading
from billing.errors import NotAnEvent, TooLarge
from billing.keeping import defer_work, keep
from billing.models import StripeEvent, Subscription
from billing.signatures import check_signature
from saas_crm.core.clock import now as present
from tenants.db import SHARED, AnyRow, db
from tenants.directory import shared_reader
from tenants.models import Tenant
from tenants.settings import Settings

log = structlog.get_logger(__name__)
MOST_BYTES = 256 * 1024
MOST_ATTEMPTS = 30
"""After which an event is not taken up by itself any more: what it is about is looked up each night all the same."""


class Received(Enum):
    """What became of what came: kept now, kept before, or none of ours."""

    KEPT = "kept"
    KNOWN = "known"
    FOREIGN = "foreign"


def receive(raw: bytes, signature: str, *, settings: Settings, now: datetime | None = None) -> Received:
    """Keep an event that Stripe has signed and let a job work on it, in one transaction; Stripe is not asked.

    One of another installation in the same account, or of the other mode of Stripe, is not kept. Raises TooLarge,
    BadSignature, TooOld and NotAnEvent: then nothing was read of it, or kept.
    """
    if len(raw) > MOST_BYTES:
        raise TooLarge(f"{len(raw)} bytes")
    at = now or present()
    check_signature(raw, signature, settings.webhook_secrets, at)
    try:
        told = raw.decode()
        event = reading.event(json.loads(told))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as wrong:
        raise NotAnEvent(type(wrong).__name__) from None
    key = settings.stripe_secret_key.get_secret_value() if settings.stripe_secret_key else ""
    if event.livemode != key.startswith(("sk_live_", "rk_live_")):
        log.warning("event of Stripe's other mode", id=event.event_id, type=event.type, livemode=event.livemode)
        return Received.FOREIGN
    kept = keep(event, told, at=at)
    if kept is None:
        log.info("event of another installation", id=event.event_id, type=event.type)
        return Received.FOREIGN
    return Received.KEPT if kept else Received.KNOWN


def whose(ids: list[str], customer_id: str) -> UUID | None:
    """Return the tenant that events are about: the customer's, else the one they name, if it is there."""
    by_customer = select(Subscription.tenant_id).where(Subscription.customer_id == customer_id)
    named = select(StripeEvent.tenant_id).where(StripeEvent.id.in_(ids), StripeEvent.tenant_id.is_not(None))
    with shared_reader() as connection:
        found: UUID | None = connection.scalar(by_customer) if customer_id else None
        return found or connection.scalar(select(Tenant.id).where(Tenant.id.in_(named)).limit(1))


def tell_of_another_card(ids: list[str]) -> bool:
    """Whether one of the events says that a customer pays by something else from now on."""
    before = StripeEvent.payload["data"]["previous_attributes"]["invoice_settings"]
    query = select(StripeEvent.id).where(StripeEvent.id.in_(ids), before.has_key("default_payment_method"))
    with shared_reader() as connection:
        return connection.scalar(query.limit(1)) is not None


def unanswered(ids: list[str]) -> list[tuple[str, str]]:
    """Return the changes that waited for an answer to the bank and are over, as some of the events say.

    Of each its invoice, which is the newest of the subscription (or the event, where none is told), and the price that
    goes on, "" where that is not told.
    """
    about = StripeEvent.payload["data"]["object"]
    invoice = func.coalesce(about["latest_invoice"].astext, StripeEvent.id)
    price = func.coalesce(about["items"]["data"][0]["price"]["id"].astext, "")
    over = StripeEvent.type == "customer.subscription.pending_update_expired"
    query = select(invoice, price).where(StripeEvent.id.in_(ids), over)
    with shared_reader() as connection:
        return [(row[0], row[1]) for row in connection.execute(query.order_by(StripeEvent.created_at, StripeEvent.id))]


def know_customer(tenant_id: UUID, customer_id: str) -> None:
    """Note a tenant's customer where none is noted: we were interrupted between making it and writing it down.

    Where another workspace has it already (this row was restored from an older copy), that one keeps it.
    """
    mine = update(Subscription).where(Subscription.tenant_id == tenant_id, Subscription.customer_id.is_(None))
    try:
        with db.engines[SHARED].begin() as connection:
            connection.execute(mine.values(customer_id=customer_id or None))
    except IntegrityError:
        log.error("customer is another workspace's already", tenant=str(tenant_id), customer=customer_id)


def mark_worked(ids: list[str], tenant_id: UUID | None, at: datetime) -> None:
    """Note that events were worked on, and for whom."""
    values: dict[str, Any] = {"worked_at": at, "error": None, "attempts": StripeEvent.attempts + 1}
    if tenant_id is not None:
        values["tenant_id"] = tenant_id
    with db.engines[SHARED].begin() as connection:
        connection.execute(update(StripeEvent).where(StripeEvent.id.in_(ids)).values(**values))


def mark_failed(ids: list[str], why: str) -> None:
    """Note that working on events failed; they are tried again, and are seen by `billing events --failed`."""
    values = {"error": why[:300], "attempts": StripeEvent.attempts + 1}
    failed = update(StripeEvent).where(StripeEvent.id.in_(ids)).values(**values)
    with db.engines[SHARED].begin() as connection:
        rows = connection.execute(failed.returning(StripeEvent.id, StripeEvent.attempts)).all()
    given_up = [row.id for row in rows if row.attempts == MOST_ATTEMPTS]
    if given_up:
        log.error(
            "events given up; see `saas-crm billing events --failed` and `replay`", events=given_up, why=why[:300]
        )


def replay(event_id: str) -> bool:
    """Let an event be worked on again; returns False where none with this id is kept."""
    whom = select(func.coalesce(StripeEvent.customer_id, "")).where(StripeEvent.id == event_id)
    again = update(StripeEvent).where(StripeEvent.id == event_id).values(worked_at=None, error=None, attempts=0)
    with db.engines[SHARED].begin() as connection:
        customer_id = connection.scalar(whom)
        if customer_id is None:
            return False
        defer_work(connection, customer_id)
        connection.execute(again)
    return True


def listed(
    *, failed: bool, limit: int, asked: str = "", before: tuple[datetime, str] | None = None
) -> list[AnyRow]:  # fmt: skip
    """Return the newest events without what was in them, or those only that failed or wait.

    `asked` narrows to one event, by its id, or to a workspace's, by its slug; `before` begins after the key (received,
    id) of a page's last one.
    """
    event = StripeEvent
    columns = (event.id, event.type, event.created_at, event.received_at, event.worked_at, event.attempts,
               event.error, Tenant.slug)  # fmt: skip
    query = select(*columns).outerjoin(Tenant, Tenant.id == event.tenant_id)
    if failed:
        query = query.where(or_(event.error.is_not(None), event.worked_at.is_(None)))
    if asked.startswith("evt_"):
        query = query.where(event.id == asked)
    elif asked:
        query = query.where(Tenant.slug == asked.strip("/").lower())
    if before is not None:
        query = query.where(tuple_(event.received_at, event.id) < tuple_(*before))
    with shared_reader() as connection:
        return list(connection.execute(query.order_by(event.received_at.desc(), event.id.desc()).limit(limit)))
