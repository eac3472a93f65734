"""Seats follow the people: those who work here and those who are invited. Many changes in an hour become one.

Nobody adds up: what is set at Stripe is counted anew at the moment it is set, so whatever happened at once, and in
whatever order, ends in the number of people. More seats are paid from that moment on (monthly plans gather the parts
for the next invoice, yearly ones are charged at once); fewer wait for the last two hours of the period, for it is paid.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update

from billing.acting import Act, begin
from billing.errors import NothingToDo
from billing.models import Subscription
from billing.seat_counting import GATHERED, PAYS, count_anew, defer_setting, needed, needed_in, note_needed
from billing.seat_rules import to_buy
from billing.seat_sending import send_due
from billing.stripe_facts import Cost
from billing.subscriptions import held
from saas_crm.access.people_changed import PeopleChanged
from saas_crm.core.clock import now as present
from saas_crm.core.jobs import defer
from tenants.context import ActiveTenant, current_tenant
from tenants.db import SHARED, db
from tenants.settings import Settings

__all__ = [
    "agree", "count_anew", "due", "follow", "needed", "needed_in", "note_needed", "paid", "preview", "send_due",
    "to_buy", "want",
]  # fmt: skip


def paid(tenant_id: UUID) -> int | None:
    """Return how many seats are paid for; None where none are: on trial, for nothing, or with billing off."""
    row = held(tenant_id)
    return row.seats if row is not None and row.source != "none" and row.state not in ("free", "trialing") else None


def preview(settings: Settings, tenant: ActiveTenant, seats: int, *, agreed: int = 0) -> Cost:
    """Return what it costs to ask for so many seats: of as many as would be set then (`seat_rules.to_buy`).

    What is charged or accrues by the seats that were `agreed` to before, and that Stripe is not told of yet, is left
    out. Raises NothingToDo, StripeRefused and StripeUnreachable.
    """
    act = begin(settings, tenant.id, only_look=True)
    sub = act.now
    seats = to_buy(sub.plan, needed_in(tenant.id), seats)
    then = sub.amount * seats
    if seats <= sub.seats:
        return Cost(0, then, sub.currency, sub.period_ends_at, seats, at_once=False)
    charged, accrued = _charged(act, seats)
    if sub.seats < agreed < seats:
        before, accrues = _charged(act, agreed)
        charged, accrued = max(charged - before, 0), max(accrued - accrues, 0)
    return Cost(charged, then, sub.currency, sub.period_ends_at, seats, accrued=accrued)


def _charged(act: Act, seats: int) -> tuple[int, int]:
    """Return what so many seats charge at once, and what they add to the next invoice."""
    return act.gateway.preview(act.now, price_id=act.now.price_id, seats=seats, at_once=act.now.interval == "year")


def want(tenant: ActiveTenant, seats: int, *, now: datetime | None = None) -> None:
    """Ask for a number of seats, an hour from the first such wish on; of two who ask at once the later one's holds.

    Never fewer than the people there need. Raises NothingToDo where no seats are paid for.
    """
    at = (now or present()) + GATHERED
    with db.engines[SHARED].begin() as connection:
        values = {
            "seats_wanted": max(seats, 1), "seats_due_at": func.least(Subscription.seats_due_at, at),
            "version": Subscription.version + 1,
        }  # fmt: skip
        row = update(Subscription).where(Subscription.tenant_id == tenant.id, *PAYS).values(values)
        due = connection.scalar(row.returning(Subscription.seats_due_at))
        if due is None:
            raise NothingToDo("no seats are paid for")
        defer_setting(connection, tenant.id, due)


def agree(seats: int) -> None:
    """Ask for seats that were agreed to for people who are invited in the transaction at hand, once it is committed.

    If it is not, nothing is asked for: nobody pays for an invitation that failed.
    """
    tenant = current_tenant()
    defer(db.session(), "billing.agree_seats", queueing_lock=f"billing.agree_seats:{tenant.id}:{seats}", seats=seats)


def follow(change: PeopleChanged) -> None:
    """Let the seats be counted once the transaction at hand, in which people came or went, is committed."""
    tenant = current_tenant()
    if tenant.plan.key:  # else nobody takes money here
        lock = f"billing.count_seats:{tenant.id}:{change.gone}"
        defer(db.session(), "billing.count_seats", queueing_lock=lock, gone=change.gone)


def due(at: datetime, limit: int = 500) -> list[UUID]:
    """Return the tenants whose seats are to be set."""
    query = select(Subscription.tenant_id).where(Subscription.seats_due_at <= at, *PAYS)
    with db.engines[SHARED].connect() as connection:
        return list(connection.scalars(query.order_by(Subscription.seats_due_at).limit(limit)))
