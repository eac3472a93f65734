"""Keeping what Stripe tells, and letting a job work on it: one statement, whatever comes at once.

Who keeps an event of a customer shares a lock with all others who do; a job takes it for itself alone for the moment in
which it looks what there is. So an event whose job was queued by another one is either seen by that job, or queues the
next: without it one that is committed while the job begins would wait for the hourly round.
"""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import DataError

from billing.models import StripeEvent
from billing.stripe_facts import EventFacts
from saas_crm.core.jobs import defer, registry
from tenants.db import SHARED, db
from tenants.kept import asked

WORK = "billing.work_event"
_SHARED = text("SELECT pg_advisory_xact_lock_shared(hashtextextended(:lock, 0))")
_ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended(:lock, 0))")
_KEEP = b"""
    WITH ours AS MATERIALIZED (
        SELECT CASE WHEN %(installation)s <> ''
            THEN EXISTS (SELECT FROM public.billing_identity WHERE key::text = %(installation)s)
            ELSE EXISTS (SELECT FROM public.subscriptions WHERE customer_id = %(customer)s) END AS is_so
    ), sharing AS MATERIALIZED (
        SELECT pg_advisory_xact_lock_shared(hashtextextended(%(lock)s, 0)) FROM ours WHERE ours.is_so
    ), kept AS (
        INSERT INTO public.stripe_events
            (id, type, object_id, customer_id, created_at, received_at, livemode, payload, tenant_id)
        SELECT %(id)s, %(type)s, nullif(%(object)s, ''), nullif(%(customer)s, ''), %(at)s, %(received)s, %(livemode)s,
            CAST(%(payload)s AS jsonb), CAST(%(tenant)s AS uuid)
        FROM sharing
        ON CONFLICT (id) DO NOTHING RETURNING id
    ), deferred AS MATERIALIZED (
        SELECT public.defer_job(%(task)s, CAST(%(args)s AS jsonb), 'default', NULL, %(lock)s, NULL) FROM kept
    )
    SELECT ours.is_so, (SELECT count(*) FROM kept) AS new, (SELECT count(*) FROM deferred) FROM ours
"""
"""Whether it is of this installation: it says so itself, or is about a customer of ours; then whether it is new."""


def lock_of(customer_id: str) -> str:
    """Return what the work on a customer's events is queued and locked by."""
    return f"{WORK}:{customer_id}"


def keep(event: EventFacts, told: str = "", *, at: datetime) -> bool | None:
    """Keep an event that came `at` that moment and queue the work on it, both or neither.

    Returns False for one that is kept already, None for no ours. `told` is its JSON as it came, where it did. A text in
    it that PostgreSQL cannot hold (a NUL, half of a pair) costs its payload, and not the event.
    """
    try:
        return _kept(event, told or json.dumps(event.payload), at)
    except DataError:
        return _kept(event, json.dumps({"id": event.event_id, "type": event.type}), at)


def _kept(event: EventFacts, payload: str, received: datetime) -> bool | None:
    values = {
        "installation": event.installation, "customer": event.customer_id, "lock": lock_of(event.customer_id),
        "id": event.event_id, "type": event.type, "object": event.object_id, "at": event.created_at,
        "received": received, "livemode": event.livemode, "payload": payload, "tenant": event.tenant_id,
        "task": registry[WORK].name, "args": json.dumps({"customer": event.customer_id}),
    }  # fmt: skip
    with db.engines[SHARED].connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        [row] = asked(connection, _KEEP, values)
    return bool(row.new) if row.is_so else None


def defer_work(connection: Connection, customer_id: str) -> None:
    """Queue the work on all that is kept of a customer: once, however many events came before it begins.

    It takes the lock, so it comes before what it is queued for is changed in the same transaction, or after its commit.
    """
    connection.execute(_SHARED, {"lock": lock_of(customer_id)})
    defer(connection, WORK, queueing_lock=lock_of(customer_id), customer=customer_id)


def unworked(customer_id: str) -> list[str]:
    """Return the events of a customer that are to be worked on, by their ids, when all who keep one now have done so.

    One that is kept later queues a job of its own: this one has begun.
    """
    query = select(StripeEvent.id).where(
        func.coalesce(StripeEvent.customer_id, "") == customer_id, StripeEvent.worked_at.is_(None)
    )
    with db.engines[SHARED].begin() as connection:
        connection.execute(_ALONE, {"lock": lock_of(customer_id)})
        return list(connection.scalars(query.order_by(StripeEvent.received_at, StripeEvent.id)))
