"""How many seats are to be paid and when Stripe is told: plain values in, plain answers out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from billing.held import Held
from billing.plans import UnknownPlan, catalogue
from billing.stripe_facts import SubscriptionFacts

LAST_HOURS = timedelta(hours=2)
AFTER_WAITING = timedelta(minutes=5)
"""How long after its end a change that waited for the bank may still be seen at Stripe."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What is to be said to Stripe, absolutely; `price_id` None leaves the price, `prorations` as Stripe calls them."""

    seats: int
    prorations: str
    price_id: str | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be set now, if anything, and when to look again for what has to wait.

    `held_up` where nothing can be set before then, whoever came meanwhile.
    """

    setting: Setting | None = None
    again_at: datetime | None = None
    held_up: bool = False


def to_buy(plan: str, people: int, wanted: int | None) -> int:
    """Return how many seats are to be paid: what the people need, or more where somebody asked for more.

    Never more than the plan allows: seats beyond it would seat nobody.
    """
    try:
        known = catalogue().plan(plan)
    except UnknownPlan:  # a plan that is not sold any more
        return max(people, wanted or 0, 1)
    return known.seats_to_buy(max(people, (wanted or 0) + known.included_seats))


def from_change(plan: str, people: int, wanted: int | None, *, paid: int) -> int:
    """Return the seats from a change to a plan on, where so many are `paid` for a period that goes on, else 0.

    Reckoned by the plan that comes. What is paid already stays until its period ends; another interval, and a lowering,
    begin a period of their own, and nobody pays in it for who has gone.
    """
    return to_buy(plan, people, max(wanted or 0, paid))


def last_hours(sub: SubscriptionFacts) -> datetime:
    """Return from when on a lowering is set: late enough that the period that is paid is used up."""
    return sub.period_ends_at - LAST_HOURS


def lowers(row: Held, sub: SubscriptionFacts) -> bool:
    """Whether another plan or interval waits for the period's end; one that ends then begins no other period."""
    return (
        bool(row.next_plan)
        and sub.cancels_at is None
        and (row.next_plan, row.next_interval) != (sub.plan, sub.interval)
    )


def was_missed(row: Held, sub: SubscriptionFacts) -> bool:
    """Whether a lowering was due in the period before, and no worker ran: what was paid too much is given back."""
    return row.seats_due_at is not None and row.seats_due_at < sub.period_starts_at


def is_time(row: Held, sub: SubscriptionFacts, at: datetime) -> bool:
    """Whether a lowering is to be set now."""
    return at >= last_hours(sub) or was_missed(row, sub)


def due_of(sub: SubscriptionFacts, row: Held, *, people: int, price_id: str | None, at: datetime) -> Due:
    """Return what is to be set for so many people; `price_id` is the one of a lowering that waits.

    More seats at once; fewer, and a smaller plan, in the last hours of the period. Nothing while a change waits for
    the bank: it would be lost, and names the seats itself.
    """
    if sub.waiting is not None:
        return Due(again_at=max(sub.waiting.until, at) + AFTER_WAITING, held_up=True)
    seats, late = to_buy(sub.plan, people, row.seats_wanted), last_hours(sub)
    if seats > sub.seats:
        how = "always_invoice" if sub.interval == "year" else "create_prorations"
        return Due(Setting(seats, how), late if row.next_plan else None)
    if sub.cancels_at is not None and row.next_plan and at < late:
        return Due(again_at=late)  # it may be taken back until then
    if price_id is not None:  # of the plan that comes with the next period
        seats = to_buy(row.next_plan, people, row.seats_wanted)
    return _lowering(sub, row, seats, price_id, at)


def _lowering(sub: SubscriptionFacts, row: Held, seats: int, price_id: str | None, at: datetime) -> Due:
    if seats == sub.seats and not lowers(row, sub):
        return Due()
    if not is_time(row, sub, at):
        return Due(again_at=last_hours(sub))
    if seats == sub.seats and price_id is None:
        return Due()
    return Due(Setting(seats, "create_prorations" if was_missed(row, sub) else "none", price_id))
