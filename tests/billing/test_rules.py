"""The states of a subscription: each as a row of what Stripe says, what is held, and the time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from billing.held import Held
from billing.rules import Moved, kinds_of, monthly, moved, standing_by_clock, standing_of, suspension_of
from billing.stripe_facts import NO_FACTS, StripeFacts, SubscriptionFacts
from tenants.standing import Suspension, access_of

DAY = timedelta(days=1)
T = datetime(2026, 3, 1, 12, tzinfo=UTC)
RANKS = {"free": 0, "team": 1, "business": 2}
NEW = Held(
    tenant_id=UUID(int=1), plan="business", interval="", currency="EUR", source="none", state="trialing", seats=0,
    seats_wanted=None, seats_due_at=None, next_plan="", next_interval="", trial_ends_at=T + 14 * DAY,
    period_ends_at=None, past_due_since=None, state_since=T, cancel_at_period_end=False, cancel_to="",
    cancel_reason="", cancel_words="", customer_id=None, subscription_id=None, price_id=None, amount=None,
    invoice_number="", paid_until=None, asked=0, settled=0, told=(),
)  # fmt: skip
PAYING = replace(
    NEW, plan="team", interval="month", source="stripe", state="active", seats=3, state_since=T, customer_id="cus_1",
    subscription_id="sub_1", price_id="price_1", amount=1200, period_ends_at=T + 30 * DAY,
)  # fmt: skip
MANUAL = replace(NEW, source="manual", state="active", plan="team", seats=5, paid_until=T + 100 * DAY)


def said(**values: Any) -> StripeFacts:
    told = {
        "subscription_id": "sub_1", "customer_id": "cus_1", "status": "active", "item_id": "si_1",
        "price_id": "price_1", "plan": "team", "interval": "month", "currency": "EUR", "amount": 1200, "seats": 3,
        "started_at": T, "period_starts_at": T, "period_ends_at": T + 30 * DAY, **values,
    }  # fmt: skip
    return StripeFacts("cus_1", SubscriptionFacts(**told))


DEBT = {"status": "past_due", "unpaid_since": T}
ENDED = {"status": "canceled", "ended_at": T + 30 * DAY}


@pytest.mark.parametrize(
    ("facts", "held", "after", "state", "plan", "until"),
    [
        (NO_FACTS, NEW, 0, "trialing", "business", 14),
        (NO_FACTS, NEW, 13.99, "trialing", "business", 14),
        (NO_FACTS, NEW, 14, "free", "free", None),
        (NO_FACTS, replace(NEW, state="free", plan="free"), 1, "free", "free", None),
        (said(status="incomplete"), NEW, 1, "trialing", "business", 14),
        (said(status="incomplete_expired"), NEW, 20, "free", "free", None),
        (said(), NEW, 1, "active", "team", None),
        (said(), PAYING, 1, "active", "team", None),
        (said(plan=""), PAYING, 1, "active", "team", None),
        (said(unpaid_since=T), PAYING, 1, "active", "team", None),
        (said(**DEBT), PAYING, 0, "past_due", "team", 14),
        (said(**DEBT, plan="business"), MANUAL, 14, "past_due", "business", 17),
        (said(status="unpaid"), PAYING, 14, "past_due", "team", 17),
        (said(), replace(PAYING, state="read_only", past_due_since=T), 20, "active", "team", None),
        (said(), replace(PAYING, state="cancelled", past_due_since=T), 60, "active", "team", None),
        (said(cancel_at_period_end=True, cancels_at=T + 30 * DAY), PAYING, 1, "active", "team", 30),
        (said(**ENDED), PAYING, 30, "free", "free", None),
        (said(**ENDED, cancel_to="free"), PAYING, 30, "free", "free", None),
        (said(**ENDED, cancel_to="closed"), PAYING, 30, "cancelled", "team", 60),
        (said(**ENDED, cancel_to="closed"), PAYING, 90, "cancelled", "team", 120),
        (said(**ENDED, cancel_to="closed"), replace(PAYING, state="cancelled"), 99, "cancelled", "team", 30),
        (said(**ENDED, unpaid_since=T + 25 * DAY), PAYING, 30, "past_due", "team", 39),
        (said(**ENDED), MANUAL, 1, "active", "team", None),
        (said(**ENDED, unpaid_since=T), MANUAL, 50, "active", "team", None),
        (NO_FACTS, MANUAL, 99.9, "active", "team", None),
        (NO_FACTS, MANUAL, 100, "past_due", "team", 114),
        (NO_FACTS, replace(MANUAL, paid_until=None), 999, "active", "team", None),
    ],
)  # fmt: skip
def test_where_a_workspace_stands(
    facts: StripeFacts, held: Held, after: float, state: str, plan: str, until: float | None
) -> None:
    found = standing_of(facts, held, T + after * DAY)
    assert (found.state, found.plan) == (state, plan)
    assert found.until == (None if until is None else T + until * DAY)
    again = replace(
        held, **{name: getattr(found, name) for name in (
            "state", "plan", "source", "state_since", "interval", "currency", "seats", "amount", "price_id",
            "subscription_id", "period_ends_at", "past_due_since", "cancel_at_period_end", "cancel_to",
        )},
    )  # fmt: skip
    assert standing_of(facts, again, T + after * DAY) == found, "looked up once more it is the same"


@pytest.mark.parametrize(
    ("held", "after", "state"),
    [
        (NEW, 13, "trialing"),
        (NEW, 15, "free"),
        (PAYING, 400, "active"),
        (replace(PAYING, cancel_at_period_end=True), 31, "active"),
        (replace(PAYING, state="past_due", past_due_since=T), 13, "past_due"),
        (replace(PAYING, state="cancelled", cancel_to="closed"), 100, "cancelled"),
        (MANUAL, 99, "active"),
        (MANUAL, 101, "past_due"),
        (replace(NEW, source="none", state="free", plan="free"), 500, "free"),
    ],
)
def test_where_it_stands_by_the_clock_alone(held: Held, after: float, state: str) -> None:
    assert standing_by_clock(held, T + after * DAY).state == state


def test_what_is_too_many_and_what_nobody_pays_for_is_ended_at_stripe() -> None:
    two = replace(said(), surplus=(replace(said().subscription, subscription_id="sub_2"),))  # type: ignore[type-var]
    assert standing_of(two, PAYING, T).surplus == ("sub_2",)
    owes = replace(PAYING, state="read_only", past_due_since=T, told=("read_only",))
    assert standing_of(said(**DEBT), owes, T + 45 * DAY).surplus == ("sub_1",)
    assert standing_of(said(**ENDED, unpaid_since=T), owes, T + 45 * DAY).surplus == ()


@pytest.mark.parametrize(
    ("state", "member", "owner"),
    [("past_due", "open", "open"), ("read_only", "read_only", "read_only"), ("cancelled", "closed", "read_only")],
)
def test_who_may_come_in(state: str, member: str, owner: str) -> None:
    found = suspension_of(replace(standing_of(said(), PAYING, T), state=state))
    causes: tuple[Suspension, ...] = (found,) if found else ()
    status = "suspended" if found else "active"
    assert access_of(status, causes) == member
    assert access_of(status, causes, owner=True) == owner


@pytest.mark.parametrize(
    ("amount", "interval", "seats", "brings"),
    [(1200, "month", 3, 3600), (12000, "year", 3, 3000), (1, "year", 6, 1), (1, "year", 5, 0), (9, "", 5, 0)],
)
def test_what_comes_in_each_month(amount: int, interval: str, seats: int, brings: int) -> None:
    assert monthly(amount, interval, seats) == brings


@pytest.mark.parametrize(
    ("before", "facts", "after", "kinds"),
    [
        (NEW, said(), 1, ["converted"]),
        (replace(NEW, trial_ends_at=None, state="free"), said(), 1, ["started"]),
        (NEW, NO_FACTS, 20, ["free"]),
        (PAYING, said(), 1, []),
        (PAYING, said(plan="business", seats=4), 1, ["upgraded", "seats"]),
        (replace(PAYING, plan="business"), said(interval="year"), 1, ["downgraded", "interval"]),
        (PAYING, said(**DEBT), 1, ["past_due"]),
        (replace(PAYING, state="past_due"), said(), 1, ["recovered"]),
        (PAYING, said(cancel_at_period_end=True), 1, ["cancel_asked"]),
        (replace(PAYING, cancel_at_period_end=True), said(), 1, ["cancel_taken_back"]),
        (PAYING, said(**ENDED), 30, ["free"]),
        (PAYING, said(**ENDED, cancel_to="closed"), 30, ["cancelled"]),
        (replace(PAYING, state="free", plan="free"), said(), 31, ["started"]),
        (replace(MANUAL, state="free", plan="team"), NO_FACTS, 1, ["manual"]),
    ],
)
def test_what_is_written_down(before: Held, facts: StripeFacts, after: int, kinds: list[str]) -> None:
    assert list(kinds_of(before, standing_of(facts, before, T + after * DAY), RANKS)) == kinds


LOST, NONE = Moved("team", "month", "EUR", 3, 3600), Moved("free", "", "EUR", 0, 0)
YEARLY = replace(PAYING, interval="year", amount=12000)
CLOSED = said(**ENDED, cancel_to="closed")


@pytest.mark.parametrize(
    ("kind", "before", "facts", "kept"),
    [
        ("free", PAYING, said(**ENDED), LOST),
        ("cancelled", PAYING, CLOSED, LOST),
        ("cancelled", replace(PAYING, state="past_due"), CLOSED, LOST),
        ("cancelled", replace(PAYING, state="read_only"), CLOSED, LOST),
        ("free", YEARLY, said(**ENDED), replace(LOST, interval="year", mrr=3000)),
        ("free", replace(PAYING, state="cancelled"), said(**ENDED), NONE),
        ("free", NEW, NO_FACTS, NONE),
        ("seats", PAYING, said(seats=5), Moved("team", "month", "EUR", 5, 6000)),
    ],
)
def test_what_an_end_is_in_the_figures(kind: str, before: Held, facts: StripeFacts, kept: Moved) -> None:
    """Of who paid and left it is what they left, not the free plan that they came to; it is lost once."""
    assert moved(kind, before, standing_of(facts, before, T + 40 * DAY)) == kept
