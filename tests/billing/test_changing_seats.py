"""Who was invited within the hour is paid for by a change at once as well: what is shown is what is charged."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing.changing import preview
from tests.billing.company import Company, Shop


@pytest.mark.parametrize(("plan", "interval", "each"), [("team", "year", 12_000), ("business", "month", 2_900)])
def test_a_change_pays_for_the_seats_that_wait(shop: Shop, acme: Company, plan: str, interval: str, each: int) -> None:
    acme.subscribe("team", "month")
    paid = acme.row.seats
    acme.invite()
    assert (acme.row.seats, acme.row.seats_due_at is not None) == (paid, True)
    cost = preview(shop.settings, acme.tenant, plan=plan, interval=interval)
    assert (cost.seats, cost.then) == (paid + 1, each * (paid + 1))
    acme.change(plan, interval)
    assert (acme.row.seats, acme.at_stripe.seats, acme.row.interval) == (paid + 1, paid + 1, interval)
    [newest, *_] = shop.double.request("GET", "/v1/invoices", {"customer": acme.row.customer_id})["data"]
    assert newest["status"] == "paid"
    assert abs(newest["total"] - cost.now) <= 5
    shop.double.requests.clear()
    shop.goes_on(hours=1.1)
    assert [one for one in shop.double.requests if one.method == "POST" and "items" in one.params] == []
    assert acme.row.seats == paid + 1


def test_a_year_that_begins_now_is_paid_again_in_a_year(shop: Shop, acme: Company) -> None:
    acme.subscribe("team", "month")
    shop.goes_on(days=10)
    cost = preview(shop.settings, acme.tenant, plan="team", interval="year")
    acme.change("team", "year")
    assert acme.row.period_ends_at is not None
    assert abs(cost.from_at - acme.row.period_ends_at) < timedelta(minutes=5)
    larger = preview(shop.settings, acme.tenant, plan="business", interval="year")
    assert larger.from_at == acme.row.period_ends_at
