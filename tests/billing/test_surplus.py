"""What is not to go on at Stripe is ended by the hour where somebody was interrupted; nobody else is asked about."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from billing.errors import StripeUnreachable
from billing.owing import LETTERS
from billing.surplus import TO_END
from tests.billing.company import Company, Shop
from tests.billing.test_turning import looks, spoil


def living(shop: Shop, company: Company) -> list[str]:
    found = shop.double.request("GET", "/v1/subscriptions", {"customer": company.row.customer_id})["data"]
    return [one["id"] for one in found]


def ended(shop: Shop, subscription_id: str) -> list[Any]:
    path = f"/v1/subscriptions/{subscription_id}"
    return [one for one in shop.double.requests if (one.method, one.path) == ("DELETE", path)]


def is_cancelled(shop: Shop, acme: Company) -> None:
    """Owed until the clock cancels it, while Stripe takes no end."""
    acme.subscribe()
    shop.double.account.after_retries = "past_due"
    shop.double.cards(acme.row.customer_id or "", "declined")
    shop.goes_on(days=32)
    since = shop.now - timedelta(days=31)
    spoil(acme.id, state="read_only", state_since=since, told=[LETTERS["read_only"]])
    shop.double.trouble("server_error", times=5, path=f"/v1/subscriptions/{acme.row.subscription_id}")
    shop.turn()
    shop.double.core.troubles.clear()


def test_a_cancelled_workspace_whose_end_was_interrupted_is_ended_by_the_hour(shop: Shop, acme: Company) -> None:
    is_cancelled(shop, acme)
    assert (acme.row.state, acme.status) == ("cancelled", "suspended")
    assert set(acme.row.told) == {TO_END, "cancelled"}, "its letter has left: nothing else follows for a month"
    assert living(shop, acme) == [acme.row.subscription_id]
    version = acme.row.version
    shop.turn()
    assert living(shop, acme) == []
    assert acme.row.version == version, "nobody who has the page open is told of another change"


def test_it_is_ended_once_and_then_nothing_is_asked_about_it(shop: Shop, acme: Company) -> None:
    """Also where nothing was heard of its end: the next look sees it."""
    is_cancelled(shop, acme)
    shop.double.requests.clear()
    shop.turn()
    shop.lose()
    shop.turn()
    assert acme.row.told == ("cancelled",)
    assert len(ended(shop, acme.row.subscription_id or "")) == 1
    assert looks(shop) == 1, "what was told of late, of all at once"


def test_a_second_subscription_whose_end_was_interrupted_is_ended_by_the_hour(shop: Shop, acme: Company) -> None:
    acme.subscribe()
    counts = acme.row.subscription_id
    acme.pay_a_second_time()
    second = next(one for one in living(shop, acme) if one != counts)
    shop.double.trouble("server_error", times=5, path=f"/v1/subscriptions/{second}")
    with pytest.raises(StripeUnreachable):
        acme.settle()
    shop.double.core.troubles.clear()
    shop.lose()
    assert (acme.row.state, TO_END in acme.row.told) == ("active", True)
    shop.turn()
    assert living(shop, acme) == [counts]
    assert shop.double.request("GET", f"/v1/customers/{acme.row.customer_id}")["balance"] < 0, "it counts for the next"
    shop.deliver()
    assert TO_END not in acme.row.told
