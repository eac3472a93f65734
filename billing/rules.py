"""What becomes of a subscription: plain values in, plain answers out.

Nothing is added up. From what Stripe says now, what is held and the time, the whole standing is found anew; so events
that come twice, late, out of order or never lead to the same standing as soon as Stripe is asked once more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from billing.held import Held
from billing.owing import CLOSING, ends_at, step_of
from billing.stripe_facts import StripeFacts, SubscriptionFacts
from tenants.standing import BILLING, CLOSED, READ_ONLY, Suspension

FREE_PLAN = "free"
PAYING = frozenset({"active", "past_due"})
"""States in which a subscription counts as recurring revenue."""
HAS_PAID = PAYING | {"read_only"}
"""States whose end is a loss: what is only read is owed, and may still be paid."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a workspace has and pays, wholly: every field is to be written as it is.

    `until` is when something follows by itself. `surplus` are subscriptions that are to be ended at Stripe.
    """

    source: str
    state: str
    plan: str
    state_since: datetime
    interval: str = ""
    currency: str = ""
    seats: int = 0
    amount: int | None = None
    price_id: str | None = None
    subscription_id: str | None = None
    period_ends_at: datetime | None = None
    past_due_since: datetime | None = None
    cancel_at_period_end: bool = False
    cancel_to: str = ""
    until: datetime | None = None
    surplus: tuple[str, ...] = ()

    @property
    def is_over(self) -> bool:
        """Whether the workspace is cancelled: only its owners come in, to read and to take along."""
        return self.state == "cancelled"

    @property
    def ending(self) -> str:
        """Return what a cancellation that was asked for leads to at `until`: "free", "closed", "" for none."""
        return (self.cancel_to or FREE_PLAN) if self.cancel_at_period_end and self.state in PAYING else ""

    @property
    def mrr(self) -> int:
        """Return what comes in each month, in the currency's smallest unit."""
        return monthly(self.amount or 0, self.interval, self.seats) if self.state in PAYING else 0


def standing_of(facts: StripeFacts, held: Held, now: datetime) -> Standing:
    """Return where a workspace stands by what Stripe says of it.

    A subscription that goes on counts before everything else; then one that ended with debts; then what an operator
    arranged by hand; then one that ended; and without any, the trial and the free plan.
    """
    found = facts.subscription
    began = found if found is not None and found.status not in ("incomplete", "incomplete_expired") else None
    surplus = tuple(one.subscription_id for one in facts.surplus)
    if began is not None and began.lives:
        standing = _living(began, held, now)
    elif began is not None and began.unpaid_since is not None and held.source != "manual":
        standing = _in_debt(_of_stripe(began, held, now), began.unpaid_since, held, now)
    elif held.source == "manual":
        standing = _by_hand(held, now)
    elif began is not None:
        standing = _ended(began, held, now)
    else:
        standing = _without(held, now)
    if standing.is_over and began is not None and began.lives:
        surplus = (began.subscription_id, *surplus)
    return replace(standing, surplus=surplus)


def standing_by_clock(held: Held, now: datetime) -> Standing:
    """Return where a workspace stands by what is held alone: trials, days of grace and manual plans come to their end.

    What Stripe has to say first (a period that ends, a debt that is paid) is left as it is held.
    """
    if held.source == "manual":
        return _by_hand(held, now)
    if held.source != "stripe":
        return _without(held, now)
    standing = _as_held(held)
    if held.past_due_since is not None:
        return _in_debt(standing, held.past_due_since, held, now)
    if held.state == "cancelled":
        return replace(standing, until=ends_at("cancelled", held.state_since))
    return standing


def suspension_of(standing: Standing) -> Suspension | None:
    """Return what keeps a workspace's people from working in it, None where nothing does.

    A cancelled one is closed; its owners may still read it (`tenants.standing.access_of`).
    """
    kind = {"read_only": READ_ONLY, "cancelled": CLOSED}.get(standing.state)
    return Suspension(BILLING, READ_ONLY if kind == READ_ONLY else CLOSED) if kind else None


def monthly(amount: int, interval: str, seats: int) -> int:
    """Return what so many seats bring each month, in the currency's smallest unit; a half of one goes up."""
    whole = amount * seats
    return whole if interval == "month" else (whole + 6) // 12 if interval == "year" else 0


@dataclass(frozen=True, slots=True)
class Moved:
    """What the figures keep of something that happened; the revenue is by the month, in the smallest unit."""

    plan: str
    interval: str
    currency: str
    seats: int
    mrr: int


def moved(kind: str, before: Held, after: Standing) -> Moved:
    """Return what there is from now on; of an end after paying what was lost by it, of the plan that was left."""
    if kind in ("cancelled", "free") and before.state in HAS_PAID:
        lost = monthly(before.amount or 0, before.interval, before.seats)
        return Moved(before.plan, before.interval, before.currency, before.seats, lost)
    return Moved(after.plan, after.interval, after.currency, after.seats, after.mrr)


def kinds_of(before: Held, after: Standing, ranks: dict[str, int]) -> Iterator[str]:
    """Yield what happened between two standings, as `billing_changes.kind`; `ranks` puts the plans in order.

    `started` is a first subscription, `converted` one after a trial; both may come back after an end.
    """
    paid, pays = before.state in PAYING, after.state in PAYING
    if after.state != before.state:
        yield from _turned(before, after)
    if paid and pays:
        lower, higher = ranks.get(before.plan, 0), ranks.get(after.plan, 0)
        if lower != higher:
            yield "upgraded" if higher > lower else "downgraded"
        if before.seats != after.seats:
            yield "seats"
        if before.interval != after.interval:
            yield "interval"
    if pays and before.cancel_at_period_end != after.cancel_at_period_end:
        yield "cancel_asked" if after.cancel_at_period_end else "cancel_taken_back"


def _turned(before: Held, after: Standing) -> Iterator[str]:
    if after.state == "active":
        if before.state in ("past_due", "read_only"):
            yield "recovered"
        elif after.source == "manual":
            yield "manual"
        else:
            yield "converted" if before.trial_ends_at is not None and before.subscription_id is None else "started"
    elif after.state in ("past_due", "read_only", "cancelled", "free"):
        yield after.state
    else:
        yield "trial"


def _living(facts: SubscriptionFacts, held: Held, now: datetime) -> Standing:
    standing = _of_stripe(facts, held, now)
    if facts.owes:
        return _in_debt(standing, facts.unpaid_since or facts.period_starts_at, held, now)
    return _in(standing, "active", held, now, until=facts.cancels_at)


def _in_debt(standing: Standing, since: datetime, held: Held, now: datetime) -> Standing:
    """Return the standing of who owes since a moment."""
    other = standing.source == "manual" or standing.subscription_id != held.subscription_id
    step = step_of(held, since, now, other=other)
    return replace(standing, state=step.state, state_since=step.since, past_due_since=since, until=step.until)


def _ended(facts: SubscriptionFacts, held: Held, now: datetime) -> Standing:
    if (facts.cancel_to or held.cancel_to) == "closed":
        since = held.state_since if held.state == "cancelled" else now
        standing = replace(_of_stripe(facts, held, now), cancel_at_period_end=False, cancel_to="closed")
        return replace(standing, state="cancelled", state_since=since, until=since + CLOSING)
    return replace(_free(held, now), source="none", currency=facts.currency)


def _without(held: Held, now: datetime) -> Standing:
    """Return the standing of who never paid: the trial until its end, then the free plan."""
    if held.state == "trialing" and held.trial_ends_at is not None and now < held.trial_ends_at:
        return Standing("none", "trialing", held.plan, held.state_since, currency=held.currency,
                        until=held.trial_ends_at)  # fmt: skip
    return _free(held, now)


def _free(held: Held, now: datetime) -> Standing:
    since = held.trial_ends_at if held.state == "trialing" and held.trial_ends_at is not None else now
    if held.state == "free":
        since = held.state_since
    return Standing("none", "free", FREE_PLAN, min(since, now), currency=held.currency)


def _by_hand(held: Held, now: datetime) -> Standing:
    """Return the standing of who pays by invoices of the operator's: from the day that is paid until, a debt begins."""
    standing = replace(_as_held(held), subscription_id=None, price_id=None, period_ends_at=held.paid_until)
    if held.paid_until is None or now < held.paid_until:
        return replace(_in(standing, "active", held, now), until=None)
    return _in_debt(standing, held.paid_until, held, now)


def _in(standing: Standing, state: str, held: Held, now: datetime, *, until: datetime | None = None) -> Standing:
    since = held.state_since if held.state == state else now
    return replace(standing, state=state, state_since=since, past_due_since=None, until=until)


def _of_stripe(facts: SubscriptionFacts, held: Held, now: datetime) -> Standing:
    ends = facts.cancel_at_period_end or facts.cancels_at is not None
    return Standing(
        "stripe", "active", facts.plan or held.plan, now, facts.interval, facts.currency, facts.seats, facts.amount,
        facts.price_id, facts.subscription_id, facts.period_ends_at, None, ends,
        (facts.cancel_to or held.cancel_to) if ends else "",
    )  # fmt: skip


def _as_held(held: Held) -> Standing:
    return Standing(
        held.source, held.state, held.plan, held.state_since, held.interval, held.currency, held.seats, held.amount,
        held.price_id, held.subscription_id, held.period_ends_at, held.past_due_since, held.cancel_at_period_end,
        held.cancel_to, held.period_ends_at if held.cancel_at_period_end else None,
    )  # fmt: skip
