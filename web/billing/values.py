"""What the pages of billing show: the plan in force, its state, seats and what is used, as plain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from flask import g

from billing import seats
from billing.held import FOR_DELETION, Held
from billing.plans import FREE, Catalogue, Interval, Plan, catalogue
from billing.subscriptions import held
from saas_crm.access.seats import most_seats, without_seat
from saas_crm.core.clock import today_in
from saas_crm.core.limits import nearness, usage
from saas_crm.edge.current import current_member
from tenants.context import ActiveTenant
from web.billing.words import limit_amount, limit_name

SHOWN = ("members", "customers", "storage_bytes", "mails_per_day")
"""The limits that are shown as bars; requests a minute come and go too fast."""
PASSING = frozenset({"mails_per_day"})
WORTH_TELLING = 50
"""Percent."""
USUAL = "USD"
NAMED = 20
"""People who would lose their seat and are named; of more, only how many they are."""


@dataclass(frozen=True, slots=True)
class Meter:
    """How much of a limit is used; `most` is "" and `share` 0 where there is none."""

    limit: str
    label: str
    used: str
    most: str
    share: int
    near: str


@dataclass(frozen=True, slots=True)
class Account:
    """What a workspace pays for, as its page shows it."""

    held: Held | None
    plan: Plan | None
    state: str
    needed: int
    days: int
    until: date | None

    @property
    def pays(self) -> bool:
        """Whether it has a subscription that goes on."""
        return self.held is not None and self.held.source == "stripe" and self.state in (
            "active", "past_due", "read_only",
        )  # fmt: skip

    @property
    def manual(self) -> bool:
        """Whether it pays by bank transfer, looked after by an operator."""
        return self.held is not None and self.held.source == "manual"

    @property
    def ending(self) -> str:
        """Return what it becomes at the period's end, "" where it goes on."""
        return self.held.cancel_to if self.held is not None and self.held.cancel_at_period_end else ""

    @property
    def ends_with_workspace(self) -> bool:
        """Whether it ends because the workspace is to be deleted, and goes on where that is taken back."""
        return bool(self.ending) and self.held is not None and self.held.cancel_reason == FOR_DELETION

    @property
    def seats_come(self) -> int:
        """Return how many seats there are once those are paid for that were added; 0 where none were just now."""
        wanted = (self.held.seats_wanted or 0) if self.held is not None else 0
        return wanted if self.held is not None and self.pays and wanted > self.held.seats else 0

    @property
    def period(self) -> str:
        """Return how often it pays: "month", "year" or ""."""
        return self.held.interval if self.held is not None else ""


def account_of(tenant: ActiveTenant) -> Account:
    """Return what the workspace at hand pays for."""
    found = held(tenant.id)
    state = found.state if found else "none"
    until = _until(found)
    day = _day(until, tenant)
    left = max((day - today_in(tenant.timezone)).days, 0) if day else 0
    return Account(found, plan_in_force(tenant), state, seats.needed(), left, day)


def plan_in_force(tenant: ActiveTenant) -> Plan | None:
    """Return the plan whose limits hold; None where none was chosen yet, or it is not offered any more."""
    return next((plan for plan in catalogue().plans if plan.key == tenant.plan.key), None)


def _until(found: Held | None) -> datetime | None:
    """Return when a state comes to its end, or the period that is paid."""
    if found is None:
        return None
    if found.state == "trialing":
        return found.trial_ends_at
    return found.paid_until if found.source == "manual" else found.period_ends_at


def _day(moment: datetime | None, tenant: ActiveTenant) -> date | None:
    return moment.astimezone(ZoneInfo(tenant.timezone)).date() if moment else None


def meters() -> list[Meter]:
    """Return how much is used of what the plan in force limits; what it does not limit is told without a bar.

    What is gone tomorrow is left out while less than half of it is used: nobody has to think of it.
    """
    used, plan = usage(), g.tenant.plan
    shown = [_meter(limit, used[limit], plan.most(limit)) for limit in SHOWN if limit in used]
    return [one for one in shown if one.limit not in PASSING or one.share >= WORTH_TELLING]


def _meter(limit: str, used: int, most: int | None) -> Meter:
    share = min(round(100 * used / most), 100) if most else 0
    written = limit_amount(limit, most) if most else ""
    return Meter(limit, limit_name(limit), limit_amount(limit, used), written, share, nearness(used, most))


def currency_for(tenant: ActiveTenant, known: Catalogue, account: Account | None = None, asked: str = "") -> str:
    """Return in which currency prices are shown: what is paid in, what was asked for, else the workspace's."""
    bound = account.held.currency if account and account.held and account.held.customer_id else ""
    for code in (bound, asked, tenant.currency, USUAL):
        if code in known.currencies:
            return code
    return known.currencies[0]


def over_after(plan: Plan) -> list[tuple[str, str, str]]:
    """Return what would be more than a plan allows: what, how much there is, how much is allowed.

    Not people, where some would have no seat: that is `seatless_after`.
    """
    used = usage()
    return [
        (limit_name(limit), limit_amount(limit, used[limit]), limit_amount(limit, most))
        for limit, most in plan.limits.items()
        if limit in SHOWN[:3] and used.get(limit, 0) > most and not (limit == "members" and without_seat(most))
    ]


@dataclass(frozen=True, slots=True)
class Seatless:
    """Who would have no seat in a plan: so many people, of whom the first few are named."""

    count: int
    names: Sequence[str]
    most: int


def seatless_after(plan: Plan) -> Seatless | None:
    """Return who would only read if the plan were chosen, None where everybody keeps a seat."""
    return _seatless(plan.limits.get("members"))


def seatless_now() -> Seatless | None:
    """Return who has no seat now, None where everybody has one."""
    return _seatless(most_seats())


def _seatless(most: int | None) -> Seatless | None:
    people = without_seat(most)
    return Seatless(len(people), people[:NAMED], most) if people and most is not None else None


def is_lower(plan: Plan, than: Plan | None) -> bool:
    """Whether a plan is further down in the list than another."""
    order = [one.key for one in catalogue().plans]
    return than is not None and order.index(plan.key) < order.index(than.key)


def may_change() -> bool:
    """Whether who asks may pay, change and cancel."""
    return current_member().can("billing:update")


def interval_of(text: str, default: str = "month") -> Interval:
    """Return an interval that was asked for, or the usual one."""
    return "year" if (text or default) == "year" else "month"


def is_free(plan: Plan) -> bool:
    """Whether it is the plan that costs nothing."""
    return plan.key == FREE
