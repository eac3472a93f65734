"""Another plan, or years instead of months: more at once and paid at once, less from the period's end on."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, update

from billing.acting import Act, begin
from billing.errors import CardDeclined, ConfirmationNeeded, NothingToDo, StripeRefused
from billing.models import Subscription
from billing.seat_counting import defer_setting, needed_in, note_needed
from billing.seat_rules import from_change, last_hours
from billing.settling import settle
from billing.stripe_facts import Cost, SubscriptionFacts, Waiting
from billing.syncing import offered
from billing.unconfirmed import withdraw
from billing.who import by_member
from saas_crm.access.permissions import CurrentMember
from saas_crm.core.clock import now as present
from tenants.context import ActiveTenant
from tenants.db import SHARED, db
from tenants.settings import Settings

MONTHS = {"month": 1, "year": 12}


def is_lowering(sub: SubscriptionFacts, plan: str, interval: str, amount: int) -> bool:
    """Whether a change is one that waits: from years to months, or to a plan that costs less a month."""
    if sub.plan == plan:  # who pays a year at once pays less a month, and has more from now on
        return sub.interval == "year" and interval == "month"
    if sub.interval == interval:
        return amount < sub.amount
    return sub.interval == "year" or amount * MONTHS.get(sub.interval, 1) < sub.amount * MONTHS[interval]


def preview(settings: Settings, tenant: ActiveTenant, *, plan: str, interval: str) -> Cost:
    """Return what `change` would cost now; raises NothingToDo, StripeRefused and StripeUnreachable."""
    act = begin(settings, tenant.id, only_look=True)
    sub, (price_id, amount) = act.now, _price(act, plan, interval)
    lower = is_lowering(sub, plan, interval, amount)
    count = _seats(act, plan, interval, lower=lower)
    if lower:
        return Cost(0, amount * count, sub.currency, sub.period_ends_at, count, at_once=False)
    charged, _accrued = act.gateway.preview(sub, price_id=price_id, seats=count, at_once=True)
    next_at = sub.period_ends_at if sub.interval == interval else _year_after(present())
    return Cost(charged, amount * count, sub.currency, next_at, count)


def change(
    settings: Settings, tenant: ActiveTenant, *, plan: str, interval: str, actor: CurrentMember | None,
    version: int | None = None, now: datetime | None = None,
) -> None:  # fmt: skip
    """Change plan or interval; the one that is there takes back what waits, for the period's end or for the bank.

    Raises ConfirmationNeeded where the bank asks first, and CardDeclined where it is to be paid now and is not: then
    nothing is changed. And VersionConflict where `version` is not what is there any more, NothingToDo, StripeRefused
    and StripeUnreachable.

    A lowering that waits for the period's end is forgotten by whoever sees the other plan (`settling.after_look`), not
    here: who is killed once Stripe was told leaves nothing behind.
    """
    by, act = by_member(actor), _caught_up(settings, tenant.id, now)
    _price(act, plan, interval)  # what cannot be had is said before anybody is kept from their own change
    act.claim(version)
    if act.now.waiting is not None:
        act = _instead_of(settings, act, act.now.waiting, (plan, interval), now)
    sub, (price_id, amount) = act.now, _price(act, plan, interval)
    waiting = None
    if (plan, interval) == (sub.plan, sub.interval):
        _wait_for(act, "", "", None)
    elif is_lowering(sub, plan, interval, amount):
        _wait_for(act, plan, interval, last_hours(sub))
    else:
        waiting = _pay_now(act, price_id, _seats(act, plan, interval))
    settle(settings, tenant.id, now=now, by=by)
    if waiting is not None:
        raise ConfirmationNeeded(waiting.url, waiting.until)


def waiting(
    settings: Settings, tenant: ActiveTenant, *, only_look: bool = False, now: datetime | None = None
) -> Waiting | None:  # fmt: skip
    """Return the change that waits for an answer to the bank, None where none does.

    Stripe is asked, and what has changed there is held: somebody may just come back from answering. Not by who may
    `only_look`: then nothing is written.
    """
    try:
        act = begin(settings, tenant.id, only_look=True) if only_look else _caught_up(settings, tenant.id, now)
        return act.now.waiting
    except NothingToDo:
        return None


def take_back(
    settings: Settings, tenant: ActiveTenant, *, actor: CurrentMember | None, now: datetime | None = None
) -> None:
    """Take back a change that waits for an answer to the bank; raises NothingToDo where none does."""
    by, act = by_member(actor), _caught_up(settings, tenant.id, now)
    if act.now.waiting is None:
        raise NothingToDo("nothing waits")
    withdraw(act)
    settle(settings, tenant.id, now=now, by=by)
    note_needed(tenant.id, needed_in(tenant.id), now=now)  # seats have waited for it


def _caught_up(settings: Settings, tenant_id: UUID, now: datetime | None) -> Act:
    """Look up what is so, and hold it first where it is another plan: what is noted here is noted for that one."""
    act = begin(settings, tenant_id)
    if (act.held.plan, act.held.interval) != (act.now.plan, act.now.interval):
        settle(settings, tenant_id, now=now)
    return act


def _instead_of(settings: Settings, act: Act, waiting: Waiting, wanted: tuple[str, str], now: datetime | None) -> Act:
    """Take a change back that waits, for another one; the same is not asked for twice."""
    if wanted == (waiting.plan, waiting.interval):
        raise ConfirmationNeeded(waiting.url, waiting.until)
    withdraw(act)
    return _caught_up(settings, act.held.tenant_id, now)  # it may have been paid a moment ago


def _pay_now(act: Act, price_id: str, seats: int) -> Waiting | None:
    """Change it and be paid; returns what waits where the bank asks first. Raises CardDeclined.

    Stripe says that the bank asks by an error that leaves nothing behind to be confirmed, so it is asked once more, by
    an update that may wait. Other declines, and bank debits, which cannot wait, never come there.
    """
    sub = act.now
    try:
        act.gateway.set_items(
            sub, price_id=price_id, seats=seats, prorations="always_invoice", must_be_paid=True, key=act.key("change"),
        )  # fmt: skip
    except CardDeclined as declined:
        if not declined.asks:
            raise
        return act.gateway.propose_items(sub, price_id=price_id, seats=seats, key=act.key("confirm"))
    return None


def _seats(act: Act, plan: str, interval: str, *, lower: bool = False) -> int:
    """Return the seats from a change on: also of people who wait for theirs already."""
    paid = act.now.seats if interval == act.now.interval and not lower else 0
    return from_change(plan, needed_in(act.held.tenant_id), act.held.seats_wanted, paid=paid)


def _year_after(moment: datetime) -> datetime:
    """Return when a year is over that begins now: the only longer interval is that one."""
    try:
        return moment.replace(year=moment.year + 1)
    except ValueError:  # the 29th of February
        return moment.replace(year=moment.year + 1, day=28)


def _price(act: Act, plan: str, interval: str) -> tuple[str, int]:
    """Return the price to change to; the one that is paid already stays, also where it is not offered any more."""
    sub = act.now
    if (plan, interval) == (sub.plan, sub.interval):
        return sub.price_id, sub.amount
    if sub.cancels_at is not None:  # also on a day, as a deletion lets it end
        raise NothingToDo("it ends; take that back first")
    found = offered(plan, interval, sub.currency)
    if found is None:
        raise StripeRefused(f"no price {plan} {interval} {sub.currency}: run `saas-crm billing sync`", "no_price")
    return found


def _wait_for(act: Act, plan: str, interval: str, due: datetime | None) -> None:
    """Note what waits for the period's end, in the place of what did before."""
    values: dict[str, object] = {
        "next_plan": plan, "next_interval": interval, "version": Subscription.version + 1,
    }  # fmt: skip
    if due is not None:
        values["seats_due_at"] = func.least(Subscription.seats_due_at, due)
    row = update(Subscription).where(Subscription.tenant_id == act.held.tenant_id).values(values)
    with db.engines[SHARED].begin() as connection:
        at = connection.scalar(row.returning(Subscription.seats_due_at))
        if at is not None and due is not None:
            defer_setting(connection, act.held.tenant_id, at)
