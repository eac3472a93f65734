"""What is done for billing by the clock, and after Stripe has told something."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from uuid import UUID

import structlog

from billing import events, seats, unconfirmed
from billing.closing import follow_deletion
from billing.collecting import pay_by_another_card
from billing.errors import BillingError, BillingOff, NothingToDo, StripeUnreachable
from billing.keeping import unworked
from billing.leaving import forget_if_gone
from billing.leaving import leave_stripe as leave
from billing.patience import patiently
from billing.settling import settle
from billing.switching import switch_off
from billing.turning import turn
from saas_crm.core.clock import now
from saas_crm.core.jobs import job
from tenants.context import current_tenant
from tenants.db import db
from tenants.runtime import runtime_settings

log = structlog.get_logger(__name__)


@job("billing.work_event", retries=5)
def work_event(customer: str) -> None:
    """Look up what Stripe told of, for all that is kept of a customer; tried again while Stripe does not answer.

    For 23 minutes, 17 between the last two: as long as it waits no other is queued. Then the hourly round goes on.
    """
    ids = unworked(customer)
    if not ids:
        return
    tenant_id = events.whose(ids, customer)
    try:
        if tenant_id is None:
            log.info("event of nobody here, or of a workspace that is gone", customer=customer, events=len(ids))
        else:
            with patiently():
                _look_up(ids, tenant_id, customer)
    except BillingError as failed:
        events.mark_failed(ids, f"{type(failed).__name__}: {failed.message}")
        raise
    except Exception as failed:
        events.mark_failed(ids, type(failed).__name__)
        raise
    events.mark_worked(ids, tenant_id, now())
    if tenant_id is None:
        forget_if_gone(ids)


def _look_up(ids: list[str], tenant_id: UUID, customer: str) -> None:
    """Hold what is so by now; what there is nothing to do about is done."""
    events.know_customer(tenant_id, customer)
    with suppress(NothingToDo):
        settle(runtime_settings(), tenant_id)
        if events.tell_of_another_card(ids):
            pay_by_another_card(runtime_settings(), tenant_id)
        unconfirmed.tell(tenant_id, events.unanswered(ids))


@job("billing.count_seats", retries=3, reads_only=True)
def count_seats(*, gone: bool) -> None:
    """Count the people of this workspace after some came or went; it changes nothing in it."""
    tenant_id, people = current_tenant().id, seats.needed()
    db.session.rollback()
    seats.note_needed(tenant_id, people, gone=gone)


@job("billing.set_seats", retries=8)
def set_seats(tenant: str) -> None:
    """Set at Stripe the seats that are due for a workspace."""
    with patiently():
        seats.send_due(runtime_settings(), UUID(tenant))


@job("billing.follow_deletion", retries=8)
def follow_a_deletion(tenant: str) -> None:
    """Let a workspace's subscription end because it is to be deleted, or go on because it is not any more."""
    try:
        with patiently():
            follow_deletion(runtime_settings(), UUID(tenant))
    except BillingOff:
        log.warning("billing is off: the subscription does not follow the deletion", tenant=tenant)


@job("billing.leave_stripe", retries=10)
def leave_stripe(tenant: str, customer: str) -> None:
    """End what a workspace that is deleted has at Stripe; tried again for two weeks, then it is the nightly round's."""
    with patiently():
        leave(runtime_settings(), customer)
    log.info("left Stripe", tenant=tenant, customer=customer)


@job("billing.tell", retries=8)
def tell(tenant: str, kind: str, key: str, until: str | None, days: int) -> None:
    """Mail a letter about billing, once."""
    from billing.telling import tell_once

    moment = datetime.fromisoformat(until) if until else None
    tell_once(runtime_settings(), UUID(tenant), kind, key=key, until=moment, days=days)


@job("billing.turn", cron="7 * * * *")
def hourly() -> None:
    """Let trials, days of grace and manual plans come to their end; without a key of Stripe's nobody is limited."""
    settings = runtime_settings()
    if settings.bills:
        with patiently():
            turn(settings)
    else:
        switch_off(settings)


@job("billing.reconcile", cron="37 3 * * *")
def nightly() -> None:
    """Compare every subscription with Stripe and mend what differs; without Stripe it waits for the next night."""
    from billing.reconciling import reconcile

    if not runtime_settings().bills:
        return
    try:
        report = reconcile(runtime_settings())
    except StripeUnreachable as failed:
        log.warning("not reconciled: Stripe did not answer", why=failed.message)
        return
    note = log.warning if report.needs_a_person else log.info
    note("reconciled with Stripe", **report.counts())
