"""Events that were left behind, and those that never came: both are found and worked on; old ones are forgotten."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, func, or_, select

from billing.events import MOST_ATTEMPTS
from billing.keeping import defer_work, keep
from billing.models import StripeEvent, Subscription
from billing.stripe_asking import in_pages
from billing.stripe_facts import EventFacts
from billing.subscriptions import installation_id
from tenants.db import SHARED, db
from tenants.directory import shared_reader

if TYPE_CHECKING:
    from billing.stripe_gateway import StripeGateway

LEFT_BEHIND = timedelta(minutes=10)
"""After which an event that nobody works on is taken up again: its job was lost, or found the row not yet there."""
DOUBLED_AFTER = 3.0
"""Failures after which that is twice as long; a job that fails has tried some times by itself."""
KEPT = timedelta(days=90)
KEPT_BY_STRIPE = timedelta(days=29)
AT_ONCE = 1_000
"""Customers whose events are taken up, and events that are forgotten, at a time."""


def take_up_again(at: datetime) -> int:
    """Queue the work on events that were left behind, the oldest first; returns of how many customers.

    The more often one has failed the later it is taken up, and after MOST_ATTEMPTS it is a person's turn. Old events
    are forgotten, also those that were given up.
    """
    doubled = func.power(2, func.least(StripeEvent.attempts, MOST_ATTEMPTS) / DOUBLED_AFTER)
    pause = func.make_interval(0, 0, 0, 0, 0, 0, LEFT_BEHIND.total_seconds() * doubled)
    whose = func.coalesce(StripeEvent.customer_id, "")
    left = select(whose).where(
        StripeEvent.worked_at.is_(None), StripeEvent.attempts < MOST_ATTEMPTS, StripeEvent.received_at < at - pause
    )  # fmt: skip
    with db.engines[SHARED].begin() as connection:
        oldest = left.group_by(whose).order_by(func.min(StripeEvent.received_at)).limit(AT_ONCE)
        customers = list(connection.scalars(oldest))
        for customer_id in customers:
            defer_work(connection, customer_id)
    _forget_old(at)
    return len(customers)


def _forget_old(at: datetime) -> None:
    """Forget what was worked on, or given up, long ago: some at a time, so that nothing waits for it."""
    over = or_(StripeEvent.worked_at.is_not(None), StripeEvent.attempts >= MOST_ATTEMPTS)
    old = select(StripeEvent.id).where(StripeEvent.received_at < at - KEPT, over).order_by(StripeEvent.received_at)
    while True:
        with db.engines[SHARED].begin() as connection:
            some = old.limit(AT_ONCE).scalar_subquery()
            if connection.execute(delete(StripeEvent).where(StripeEvent.id.in_(some))).rowcount < AT_ONCE:
                return


def last_known() -> datetime | None:
    """Return when the newest of the events that came last was made at Stripe."""
    last = select(StripeEvent.created_at).order_by(StripeEvent.received_at.desc()).limit(AT_ONCE).subquery()
    with shared_reader() as connection:
        found: datetime | None = connection.scalar(select(func.max(last.c.created_at)))
    return found


def fetch_missed(
    gateway: StripeGateway, at: datetime, back: timedelta, *, on_its_way: timedelta = timedelta(0),
    most: timedelta = KEPT_BY_STRIPE,
) -> list[str]:  # fmt: skip
    """Keep what Stripe told and never came, from `back` before the newest that came; returns the ids.

    No older than `most`; what is younger than `on_its_way` may still come by itself. A request for each hundred events
    of that time, however many workspaces there are: also for those of others who share the account.
    """
    since = max(min(last_known() or at - back, at) - back, at - most)
    told = gateway.events_since(since)
    return keep_missed((event for event in told if event.created_at <= at - on_its_way), at)


def keep_missed(found: Iterable[EventFacts], at: datetime) -> list[str]:
    """Keep those of Stripe's events that never came, as if they came now, and let them be worked on; returns their ids.

    A hundred at a time, with two statements for those that are known.
    """
    missed, installation = [], installation_id()
    for some in in_pages(found):
        with shared_reader() as connection:
            new = _ours(connection, _unknown(connection, some), installation)
        missed += [event.event_id for event in new if keep(event, at=at)]
    return missed


def _unknown(connection: Connection, some: list[EventFacts]) -> list[EventFacts]:
    query = select(StripeEvent.id).where(StripeEvent.id.in_([event.event_id for event in some]))
    known = set(connection.scalars(query))
    return [event for event in some if event.event_id not in known]


def _ours(connection: Connection, some: list[EventFacts], installation: str) -> list[EventFacts]:
    """Return those of some events that `keeping.keep` takes."""
    unsaid = [event.customer_id for event in some if not event.installation and event.customer_id]
    query = select(Subscription.customer_id).where(Subscription.customer_id.in_(unsaid))
    mine = set(connection.scalars(query)) if unsaid else set()
    return [one for one in some if (one.installation or installation) == installation
            and (one.installation or one.customer_id in mine)]  # fmt: skip
