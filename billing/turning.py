"""What the clock does: trials, grace and manual plans end, reminders are due, and what was lost is taken up.

Stripe is asked about one who owes only where something would follow for them: a debt lasts ten weeks, and most hours of
it change nothing. That one of them has paid and no webhook told of it is found by one look for all: what Stripe told of
late and never came. The nightly round (`billing.reconciling`) compares each with Stripe, whatever was told.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import and_, func, or_, select

from billing import catching_up, seats, surplus
from billing.announcing import TRIAL_REMINDERS, letter_owed, reminder_due
from billing.closing import begin_deletion, deletion_due, follow_deletion, is_to_be_deleted, not_followed
from billing.errors import BillingError
from billing.gateways import gateway_of
from billing.held import Held
from billing.models import Subscription
from billing.owing import LETTERS
from billing.patience import Silences
from billing.rules import standing_by_clock
from billing.settling import defer_word, settle
from billing.subscriptions import held, held_of
from billing.switching import switch_on
from saas_crm.core.clock import now as present
from tenants.db import SHARED, db
from tenants.directory import shared_reader
from tenants.settings import Settings

log = structlog.get_logger(__name__)
LOOKS_BACK = timedelta(hours=2)
"""How long before the newest event that came another one is looked for that did not: the hour, and one more."""
FURTHEST = timedelta(days=1)
"""How far back each hour looks at most, the night looks further: where nothing happens to us for weeks, all that
happens meanwhile to others who share the account would be listed each hour."""
ON_ITS_WAY = timedelta(minutes=10)
"""How long an event is not yet one that did not come: else each that was made just now would be told as lost."""
SLACK = timedelta(hours=3)
"""How long after its end a period's renewal may be unknown to us, before we ask ourselves."""


def turn(settings: Settings, now: datetime | None = None) -> int:
    """Look at all whose standing may follow from the time; returns at how many. Seats and events that wait go on.

    Where Stripe has a word in it, it is asked first: nobody is locked out of writing by a webhook that was lost. What
    it says against one is that one's trouble; is it silent a few times in a row, these wait for the next hour, and the
    others are done.
    """
    at, looked, silences, answers = now or present(), 0, Silences(), True
    switch_on(settings, at)
    for tenant_id, asks in _waiting(at):
        if asks and not answers:
            continue
        looked += 1
        failed = _turned(settings, tenant_id, at, asks=asks)
        if asks and silences.over(failed):
            answers = False
            log.warning("Stripe does not answer; subscriptions wait for an hour")
    if answers:
        _fetch_missed(settings, at)
        _follow_deletions(settings, at)
        _send_seats(settings, at)
    catching_up.take_up_again(at)
    return looked


def _turned(settings: Settings, tenant_id: UUID, at: datetime, *, asks: bool) -> Exception | None:
    """Settle one and remind its people; returns what was in the way."""
    try:
        settle(settings, tenant_id, now=at, ask=asks)
        _remind(settings, tenant_id, at)
    except BillingError as failed:
        log.warning(
            "subscription could not be settled", tenant=str(tenant_id), why=f"{type(failed).__name__}: {failed.message}"
        )
        return failed
    except Exception as failed:
        log.error("subscription could not be settled", tenant=str(tenant_id), exc_info=failed)
        return failed
    return None


def _waiting(at: datetime) -> Iterator[tuple[UUID, bool]]:
    """Yield whom the time changes or may change, and whether Stripe has to be asked about them first."""
    row = Subscription
    soon = at + timedelta(days=max(TRIAL_REMINDERS))
    for held_now in held_of(or_(
        and_(row.state == "trialing", row.trial_ends_at <= soon),
        row.state.in_(tuple(LETTERS)),
        and_(row.source == "manual", row.paid_until <= at),
        and_(row.source == "stripe", row.state == "active", row.period_ends_at <= at - SLACK),
        and_(row.source == "stripe", row.cancel_at_period_end, row.period_ends_at <= at),
        surplus.left(),
    )):  # fmt: skip
        asks = held_now.source == "stripe"
        if not asks or held_now.state not in LETTERS or _follows(held_now, at):
            yield held_now.tenant_id, asks


def _follows(row: Held, at: datetime) -> bool:
    """Whether a step, a letter or the deletion is due for one who owes: each only if Stripe says that it is owed.

    Or an end that somebody was interrupted in: at Stripe it goes on, and invoices are written.
    """
    if standing_by_clock(row, at).state != row.state or letter_owed(row) or reminder_due(row, at):
        return True
    if surplus.is_left(row):
        return True
    return is_to_be_deleted(row, at) and deletion_due(row.tenant_id) is None


def _fetch_missed(settings: Settings, at: datetime) -> None:
    """Keep what Stripe told of late and never came: who has paid is not to wait for the night to work again."""
    gateway = gateway_of(settings)
    if gateway is None:
        return
    try:
        if missed := catching_up.fetch_missed(gateway, at, LOOKS_BACK, on_its_way=ON_ITS_WAY, most=FURTHEST):
            log.warning("events of Stripe's had not come", events=len(missed))
    except BillingError as failed:
        log.warning("events could not be looked for", why=f"{type(failed).__name__}: {failed.message}")
    except Exception as unforeseen:  # seats and deletions go on where one cannot be read
        log.error("events could not be looked for", exc_info=unforeseen)


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
    silences = Silences()
    for tenant_id in not_followed():
        failed: Exception | None = None
        try:
            follow_deletion(settings, tenant_id, now=at)
        except BillingError as told:
            failed = told
            why = f"{type(told).__name__}: {told.message}"
            log.warning("subscription does not follow the deletion", tenant=str(tenant_id), why=why)
        except Exception as unforeseen:
            failed = unforeseen
            log.error("subscription does not follow the deletion", tenant=str(tenant_id), exc_info=unforeseen)
        if silences.over(failed):
            return


def _send_seats(settings: Settings, at: datetime) -> None:
    silences = Silences()
    for tenant_id in seats.due(at):
        failed: Exception | None = None
        try:
            seats.send_due(settings, tenant_id, now=at)
        except BillingError as told:
            failed = told
            log.warning("seats could not be set", tenant=str(tenant_id), why=f"{type(told).__name__}: {told.message}")
        except Exception as unforeseen:
            failed = unforeseen
            log.error("seats could not be set", tenant=str(tenant_id), exc_info=unforeseen)
        if silences.over(failed):
            return


def longest_waiting() -> datetime | None:
    """Return since when the oldest event that nobody has worked on waits, for the health of the installation."""
    from billing.models import StripeEvent

    with shared_reader() as connection:
        found: datetime | None = connection.scalar(
            select(func.min(StripeEvent.received_at)).where(StripeEvent.worked_at.is_(None))
        )
    return found
