"""What waits to be set at Stripe was asked for one subscription: nobody pays for it with another one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from billing import seats
from billing.rules import standing_of
from billing.settling import after_look
from tests.billing.company import Company, Shop
from tests.billing.test_rules import ENDED, PAYING, T, said

WAITS = replace(
    PAYING, seats_wanted=12, seats_due_at=T + timedelta(hours=1), next_plan="team", next_interval="year",
)  # fmt: skip
KEPT, NOTHING = (12, T + timedelta(hours=1), "team", "year"), (None, None, "", "")


@pytest.mark.parametrize(
    ("said_now", "waits"),
    [
        ({}, KEPT),
        ({"status": "past_due", "unpaid_since": T}, KEPT),
        ({"seats": 4}, KEPT),
        ({"subscription_id": "sub_2"}, NOTHING),
        ({**ENDED, "cancel_to": "free"}, NOTHING),
        ({**ENDED, "cancel_to": "closed"}, NOTHING),
    ],
)
def test_it_is_kept_as_long_as_its_subscription(said_now: dict[str, object], waits: tuple[object, ...]) -> None:
    facts = said(**said_now)
    after = after_look(WAITS, standing_of(facts, WAITS, T + timedelta(minutes=5)), facts)
    assert (after.seats_wanted, after.seats_due_at, after.next_plan, after.next_interval) == waits


def test_who_comes_back_after_closing_pays_for_no_seats_of_before(shop: Shop, acme: Company) -> None:
    """Twelve were wanted within the hour in which the dashboard ended it all; later the owner pays anew."""
    acme.subscribe("business")
    acme.cancel("closed")
    seats.want(acme.tenant, 12, now=shop.now)
    shop.double.acts.cancel(acme.row.subscription_id or "", at_period_end=False)
    shop.deliver()
    assert (acme.row.state, acme.row.seats_wanted, acme.row.seats_due_at) == ("cancelled", None, None)
    acme.subscribe("business")
    assert acme.row.state == "active"
    shop.goes_on(hours=2)
    assert acme.row.seats == acme.at_stripe.seats == acme.people()
