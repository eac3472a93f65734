"""Seats follow the people: those who work here and those who are invited. Many changes in an hour become one.

Nobody adds up: what is set at Stripe is counted anew at the moment it is set, so whatever happened at once, and in
whatever order, ends in the number of people. More seats are paid from that moment on (monthly plans gather the parts
for the next invoice, yearly ones are charged at once); fewer wait for the last two hours of the period, for it is paid.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import Connection, func, select, update

from billing.acting import Act, begin
from billing.errors import NothingToDo
from billing.held import Held
from billing.models import Subscription
from billing.plans import UnknownPlan, catalogue
from billing.settling import settle
from billing.stripe_facts import Cost, SubscriptionFacts
from billing.subscriptions import held
from billing.syncing import offered
from saas_crm.access.models import Invitation, Member
from saas_crm.access.people_changed import PeopleChanged
from saas_crm.core.clock import now as present
from saas_crm.core.jobs import defer
from tenants.context import ActiveTenant, current_tenant
from tenants.db import SHARED, db, tenant_scope
from tenants.runtime import runtime_directory
from tenants.settings import Settings

log = structlog.get_logger(__name__)
GATHERED = timedelta(hours=1)
LAST_HOURS = timedelta(hours=2)


def needed() -> int:
    """Return how many seats the people of the tenant that speaks need: active members and open invitations."""
    people = select(func.count()).select_from(Member).where(Member.status == "active").scalar_subquery()
    invited = select(func.count()).select_from(Invitation).where(
        Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None), Invitation.expires_at > present()
    ).scalar_subquery()  # fmt: skip
    return int(db.session.execute(select(people + invited)).scalar_one())


def needed_in(tenant_id: UUID) -> int:
    """Return the same of any tenant, in a transaction of its own; 0 for one that is gone."""
    tenant = runtime_directory().by_id(tenant_id)
    if tenant is None:
        return 0
    with tenant_scope(tenant):
        return needed()


def paid(tenant_id: UUID) -> int | None:
    """Return how many seats are paid for; None where none are: on trial, for nothing, or with billing off."""
    row = held(tenant_id)
    return row.seats if row is not None and row.source != "none" and row.state not in ("free", "trialing") else None


def to_buy(plan: str, people: int, wanted: int | None) -> int:
    """Return how many seats are to be paid: what the people need, or more where somebody asked for more."""
    try:
        return max(catalogue().plan(plan).seats_to_buy(people), wanted or 0)
    except UnknownPlan:  # a plan that is not sold any more
        return max(people, wanted or 0, 1)


def preview(settings: Settings, tenant: ActiveTenant, seats: int) -> Cost:
    """Return what so many seats would cost; raises NothingToDo, StripeRefused and StripeUnreachable."""
    act = begin(settings, tenant.id, only_look=True)
    sub = act.now
    then = sub.amount * seats
    if seats <= sub.seats:
        return Cost(0, then, sub.currency, sub.period_ends_at, seats, at_once=False)
    yearly = sub.interval == "year"
    charged, accrued = act.gateway.preview(sub, price_id=sub.price_id, seats=seats, at_once=yearly)
    return Cost(charged, then, sub.currency, sub.period_ends_at, seats, accrued=accrued)


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
        row = update(Subscription).where(Subscription.tenant_id == tenant.id, *_PAYS).values(values)
        due = connection.scalar(row.returning(Subscription.seats_due_at))
        if due is None:
            raise NothingToDo("no seats are paid for")
        defer_setting(connection, tenant.id, due)


_PAYS = (Subscription.source == "stripe", Subscription.subscription_id.is_not(None),
         Subscription.state.in_(("active", "past_due", "read_only")))  # fmt: skip


def follow(change: PeopleChanged) -> None:
    """Let the seats be counted once the transaction at hand, in which people came or went, is committed."""
    tenant = current_tenant()
    if tenant.plan.key:  # else nobody takes money here
        lock = f"billing.count_seats:{tenant.id}:{change.gone}"
        defer(db.session(), "billing.count_seats", queueing_lock=lock, gone=change.gone)


def note_needed(tenant_id: UUID, people: int, *, gone: bool = False, now: datetime | None = None) -> None:
    """Note when the seats are to be set, where the people need others than are paid for.

    Where somebody has `gone`, a number of seats that was asked for before counts no more: seats follow the people.
    """
    at = now or present()
    with db.engines[SHARED].begin() as connection:
        row = connection.execute(
            select(Subscription.plan, Subscription.seats, Subscription.seats_wanted, Subscription.seats_due_at,
                   Subscription.period_ends_at)
            .where(Subscription.tenant_id == tenant_id, *_PAYS).with_for_update()
        ).one_or_none()  # fmt: skip
        if row is None:
            return
        wanted = None if gone else row.seats_wanted
        at_latest = at + GATHERED
        if row.period_ends_at is not None and at_latest >= row.period_ends_at:
            at_latest = at  # the next period is charged before the hour is over
        due = row.seats_due_at
        if to_buy(row.plan, people, wanted) != row.seats:
            due = min(at_latest, due) if due is not None else at_latest
        if (due, wanted) == (row.seats_due_at, row.seats_wanted):
            return
        values = {"seats_due_at": due, "seats_wanted": wanted}
        connection.execute(update(Subscription).where(Subscription.tenant_id == tenant_id).values(values))
        if due is not None:
            defer_setting(connection, tenant_id, due)


def defer_setting(connection: Connection, tenant_id: UUID, due: datetime) -> None:
    """Queue the setting of a tenant's seats for a moment."""
    lock = f"billing.set_seats:{tenant_id}:{int(due.timestamp())}"
    defer(connection, "billing.set_seats", at=due, queueing_lock=lock, tenant=str(tenant_id))


def send_due(settings: Settings, tenant_id: UUID, *, now: datetime | None = None) -> bool:
    """Set at Stripe what is due for a tenant: seats, and a smaller plan that waited for the period's end.

    Returns whether anything was. Done twice, or again after it was interrupted, it is done once: what is so at Stripe
    is looked up first, and said absolutely.
    """
    at = now or present()
    row = held(tenant_id)
    if row is None or row.seats_due_at is None or row.seats_due_at > at or row.source != "stripe":
        return False
    people = needed_in(tenant_id)
    try:
        act = begin(settings, tenant_id)
    except NothingToDo:
        _done(row, None)
        return False
    done, again_at = _set(act, people, at)
    _done(row, again_at)
    settle(settings, tenant_id, now=at)
    return done


def _set(act: Act, people: int, at: datetime) -> tuple[bool, datetime | None]:
    """Return whether something was set, and when to look again for what has to wait."""
    sub, row = act.now, act.held
    seats = to_buy(sub.plan, people, row.seats_wanted)
    if seats > sub.seats:
        how = "always_invoice" if sub.interval == "year" else "create_prorations"
        _put(act, seats=seats, prorations=how)
        return True, _last_hours(sub) if row.next_plan else None
    price = _waiting_price(row, sub)
    if sub.cancels_at is not None and row.next_plan and at < _last_hours(sub):
        return False, _last_hours(sub)  # it may be taken back until then
    if seats == sub.seats and price is None:
        return False, None
    if at < _last_hours(sub) and not _was_missed(row, sub):
        return False, _last_hours(sub)
    # A lowering that was to be done before this period began: what was paid too much is given back.
    _put(act, seats=seats, price_id=price, prorations="create_prorations" if _was_missed(row, sub) else "none")
    return True, None


def _put(act: Act, *, seats: int, prorations: str, price_id: str | None = None) -> None:
    act.gateway.set_items(
        act.now, price_id=price_id, seats=seats, prorations=prorations, must_be_paid=False, key=act.key("seats")
    )


def _last_hours(sub: SubscriptionFacts) -> datetime:
    return sub.period_ends_at - LAST_HOURS


def _was_missed(row: Held, sub: SubscriptionFacts) -> bool:
    """Whether a lowering was due in the period before: no worker ran in its last hours."""
    return row.seats_due_at is not None and row.seats_due_at < sub.period_starts_at


def _waiting_price(row: Held, sub: SubscriptionFacts) -> str | None:
    if sub.cancels_at is not None:  # another rhythm would begin, and charge, a new period
        return None
    if not row.next_plan or (row.next_plan, row.next_interval) == (sub.plan, sub.interval):
        return None
    found = offered(row.next_plan, row.next_interval, sub.currency)
    return found[0] if found else None


def _done(row: Held, again_at: datetime | None) -> None:
    """Note that what was due is done, unless something came meanwhile; and when to look again."""
    with db.engines[SHARED].begin() as connection:
        mine = update(Subscription).where(
            Subscription.tenant_id == row.tenant_id, Subscription.seats_due_at == row.seats_due_at,
            Subscription.seats_wanted.is_not_distinct_from(row.seats_wanted),
        )  # fmt: skip
        connection.execute(mine.values(seats_due_at=again_at))
        if again_at is not None:
            defer_setting(connection, row.tenant_id, again_at)


def due(at: datetime, limit: int = 500) -> list[UUID]:
    """Return the tenants whose seats are to be set."""
    query = select(Subscription.tenant_id).where(Subscription.seats_due_at <= at, *_PAYS)
    with db.engines[SHARED].connect() as connection:
        return list(connection.scalars(query.order_by(Subscription.seats_due_at).limit(limit)))


def count_anew(tenant_id: UUID, *, now: datetime | None = None) -> None:
    """Count a tenant's people anew: invitations end by themselves, and a count may have been lost.

    Who was invited and never came has gone as well: seats that were agreed to for them are given back.
    """
    note_needed(tenant_id, needed_in(tenant_id), gone=True, now=now)
