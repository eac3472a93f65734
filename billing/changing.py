"""Another plan, or years instead of months: more at once and paid at once, less from the period's end on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update

from billing.acting import Act, begin
from billing.errors import NothingToDo, StripeRefused
from billing.models import Subscription
from billing.seats import LAST_HOURS, defer_setting
from billing.settling import settle
from billing.stripe_facts import Cost, SubscriptionFacts
from billing.syncing import offered
from billing.who import by_member
from saas_crm.access.permissions import CurrentMember
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


def preview(settings: Settings, tenant: ActiveTenant, *, plan: str, interval: str, seats: int | None = None) -> Cost:
    """Return what another plan or interval would cost; raises NothingToDo, StripeRefused and StripeUnreachable."""
    act = begin(settings, tenant.id, only_look=True)
    sub, (price_id, amount) = act.now, _price(act, plan, interval)
    count = seats or sub.seats
    if is_lowering(sub, plan, interval, amount):
        return Cost(0, amount * count, sub.currency, sub.period_ends_at, count, at_once=False)
    charged, _accrued = act.gateway.preview(sub, price_id=price_id, seats=count, at_once=True)
    return Cost(charged, amount * count, sub.currency, sub.period_ends_at, count)


def change(
    settings: Settings, tenant: ActiveTenant, *, plan: str, interval: str, actor: CurrentMember | None,
    version: int | None = None, now: datetime | None = None,
) -> None:  # fmt: skip
    """Change plan or interval; the one that is there takes back a lowering that waits.

    Raises CardDeclined, and nothing is changed, where it is to be paid now and is not; VersionConflict where `version`
    is not what is there any more; NothingToDo, StripeRefused and StripeUnreachable.
    """
    act = begin(settings, tenant.id)
    sub, (price_id, amount) = act.now, _price(act, plan, interval)
    act.claim(version)
    if (plan, interval) == (sub.plan, sub.interval):
        _wait_for(act, "", "", None)
    elif is_lowering(sub, plan, interval, amount):
        _wait_for(act, plan, interval, sub.period_ends_at - LAST_HOURS)
    else:
        act.gateway.set_items(
            sub, price_id=price_id, seats=sub.seats, prorations="always_invoice", must_be_paid=True,
            key=act.key("change"),
        )  # fmt: skip
        _wait_for(act, "", "", None)
    settle(settings, tenant.id, now=now, by=by_member(actor))


def _price(act: Act, plan: str, interval: str) -> tuple[str, int]:
    """Return the price to change to; the one that is paid already stays, also where it is not offered any more."""
    sub = act.now
    if (plan, interval) == (sub.plan, sub.interval):
        return sub.price_id, sub.amount
    if sub.cancel_at_period_end:
        raise NothingToDo("it ends; take that back first")
    found = offered(plan, interval, sub.currency)
    if found is None:
        raise StripeRefused(f"no price {plan} {interval} {sub.currency}: run `saas-crm billing sync`", "no_price")
    return found


def _wait_for(act: Act, plan: str, interval: str, due: datetime | None) -> None:
    """Note what waits for the period's end, in the place of what did before."""
    with db.engines[SHARED].begin() as connection:
        row = update(Subscription).where(Subscription.tenant_id == act.held.tenant_id)
        values: dict[str, object] = {"next_plan": plan, "next_interval": interval}
        if due is not None:
            earliest = min(due, act.held.seats_due_at) if act.held.seats_due_at else due
            values["seats_due_at"] = earliest
            defer_setting(connection, act.held.tenant_id, earliest)
        connection.execute(row.values(values))
