"""What the clock does: trials, grace and manual plans end, reminders are due, and what was lost is taken up."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import and_, func, or_, select

from billing import events, seats
from billing.announcing import TRIAL_REMINDERS, letter_owed, reminder_due
from billing.closing import begin_deletion, follow_deletion, is_to_be_deleted, not_followed
from billing.errors import BillingError, StripeUnreachable
from billing.models import Subscription
from billing.settling import defer_word, settle
from billing.subscriptions import held
from billing.switching import switch_on
from saas_crm.core.clock import now as present
from tenants.db import SHARED, db
from tenants.directory import shared_reader
from tenants.settings import Settings

log = structlog.get_logger(__name__)
AT_ONCE = 2_000
"""Workspaces at a time: who is left is looked at an hour later, the longest unchanged first."""
SLACK = timedelta(hours=3)
"""How long after its end a period's renewal may be unknown to us, before we ask ourselves."""


def turn(settings: Settings, now: datetime | None = None) -> int:
    """Look at all whose standing may follow from the time; returns at how many. Seats and events that wait go on.

    Where Stripe has a word in it, it is asked: nobody is locked out of writing by a webhook that was lost. Does it not
    answer, these wait for the next hour, and the others are done.
    """
    at, answers = now or present(), True
    switch_on(settings, at)
    waiting = _waiting(at)
    for tenant_id, source in waiting:
        asks = source == "stripe"
        if asks and not answers:
            continue
        try:
            settle(settings, tenant_id, now=at, ask=asks)
            _remind(settings, tenant_id, at)
        except StripeUnreachable:
            answers = False
            log.warning("Stripe does not answer; subscriptions wait for an hour")
        except BillingError as failed:
            log.error("subscription could not be settled", tenant=str(tenant_id), why=failed.message)
        except Exception as failed:
            log.error("subscription could not be settled", tenant=str(tenant_id), exc_info=failed)
    if answers:
        _follow_deletions(settings, at)
        _send_seats(settings, at)
    events.take_up_again(at)
    return len(waiting)


def _waiting(at: datetime) -> list[tuple[UUID, str]]:
    """Return whom the time may change, and who answers for them."""
    row = Subscription
    soon = at + timedelta(days=max(TRIAL_REMINDERS))
    query = select(row.tenant_id, row.source).where(or_(
        and_(row.state == "trialing", row.trial_ends_at <= soon),
        row.state.in_(("past_due", "read_only", "cancelled")),
        and_(row.source == "manual", row.paid_until <= at),
        and_(row.source == "stripe", row.state == "active", row.period_ends_at <= at - SLACK),
        and_(row.source == "stripe", row.cancel_at_period_end, row.period_ends_at <= at),
    )).order_by(row.updated_at).limit(AT_ONCE)  # fmt: skip
    with shared_reader() as connection:
        return [(found[0], found[1]) for found in connection.execute(query)]


def _remind(settings: Settings, tenant_id: UUID, at: datetime) -> None:
    row = held(tenant_id)
    if row is None:
        return
    word = letter_owed(row) or reminder_due(row, at)
    if word is not None:
        with db.engines[SHARED].begin() as connection:
            defer_word(connection, tenant_id, word)
    if is_to_be_deleted(row, at):
        begin_deletion(settings, tenant_id)


def _follow_deletions(settings: Settings, at: datetime) -> None:
    """Take up what a job did not come to: a deletion, or its withdrawal, whose subscription is as it was."""
    for tenant_id in not_followed():
        try:
            follow_deletion(settings, tenant_id, now=at)
        except StripeUnreachable:
            return
        except BillingError as failed:
            log.error("subscription does not follow the deletion", tenant=str(tenant_id), why=failed.message)
        except Exception as failed:
            log.error("subscription does not follow the deletion", tenant=str(tenant_id), exc_info=failed)


def _send_seats(settings: Settings, at: datetime) -> None:
    for tenant_id in seats.due(at):
        try:
            seats.send_due(settings, tenant_id, now=at)
        except StripeUnreachable:
            return
        except BillingError as failed:
            log.error("seats could not be set", tenant=str(tenant_id), why=failed.message)
        except Exception as failed:
            log.error("seats could not be set", tenant=str(tenant_id), exc_info=failed)


def longest_waiting() -> datetime | None:
    """Return since when the oldest event that nobody has worked on waits, for the health of the installation."""
    from billing.models import StripeEvent

    with shared_reader() as connection:
        found: datetime | None = connection.scalar(
            select(func.min(StripeEvent.received_at)).where(StripeEvent.worked_at.is_(None))
        )
    return found
