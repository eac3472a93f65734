"""Seats follow the people; many changes in an hour are one; two who change them at once end in one right number."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from billing import seats
from billing.errors import NothingToDo
from tests.billing.company import Company, Shop


def changes_of(shop: Shop) -> list[dict[str, Any]]:
    """What was asked of Stripe about quantities, by the parameters."""
    return [
        asked.params for asked in shop.double.requests
        if asked.method == "POST" and asked.path.startswith("/v1/subscriptions/") and "items" in asked.params
    ]  # fmt: skip


def test_a_month_gathers_the_parts_for_the_next_invoice(shop: Shop, acme: Company) -> None:
    acme.subscribe("team", "month", seats=acme.people())
    paid, due = acme.row.seats, acme.row.period_ends_at
    shop.goes_on(days=10)
    before = len(shop.double.request("GET", "/v1/invoices", {"customer": acme.row.customer_id})["data"])
    cost = seats.preview(shop.settings, acme.tenant, paid + 1)
    assert (cost.now, cost.then, cost.currency, cost.from_at, cost.at_once) == (0, 1200 * (paid + 1), "EUR", due, True)
    acme.invite()
    assert acme.row.seats_due_at == shop.now + timedelta(hours=1)
    shop.goes_on(hours=1)
    assert (acme.row.seats, acme.at_stripe.seats, acme.row.seats_due_at) == (paid + 1, paid + 1, None)
    assert changes_of(shop)[-1]["proration_behavior"] == "create_prorations"
    invoices = shop.double.request("GET", "/v1/invoices", {"customer": acme.row.customer_id})["data"]
    assert len(invoices) == before
    assert 0 < cost.accrued < 1200
    upcoming = shop.gateway.upcoming(acme.row.subscription_id or "")
    assert upcoming is not None
    assert abs(upcoming.amount - cost.then - cost.accrued) <= 2  # an hour has passed since it was shown


def test_a_year_is_charged_at_once(shop: Shop, acme: Company) -> None:
    acme.subscribe("team", "year", seats=acme.people())
    paid = acme.row.seats
    shop.goes_on(days=100, step=50)
    cost = seats.preview(shop.settings, acme.tenant, paid + 2)
    assert 0 < cost.now < 2 * 12_000
    acme.invite(2)
    shop.goes_on(hours=1)
    assert (acme.row.seats, acme.at_stripe.seats) == (paid + 2, paid + 2)
    assert changes_of(shop)[-1]["proration_behavior"] == "always_invoice"
    [newest, *_] = shop.double.request("GET", "/v1/invoices", {"customer": acme.row.customer_id})["data"]
    assert newest["status"] == "paid"
    assert abs(newest["total"] - cost.now) <= 5


def test_an_hours_changes_become_one(shop: Shop, acme: Company) -> None:
    acme.subscribe(seats=acme.people())
    due = None
    for _number in range(3):
        acme.invite()
        due = due or acme.row.seats_due_at
        assert acme.row.seats_due_at == due
        shop.goes_on(hours=0.25)
    acme.withdraw()
    shop.double.requests.clear()
    shop.goes_on(hours=1)
    assert len(changes_of(shop)) == 1
    assert acme.row.seats == acme.people() == acme.at_stripe.seats


def test_who_comes_and_goes_within_the_hour_costs_nothing(shop: Shop, acme: Company) -> None:
    acme.subscribe(seats=acme.people())
    acme.invite()
    acme.withdraw()
    shop.goes_on(hours=2)
    assert changes_of(shop) == []
    assert acme.row.seats_due_at is None


def test_a_seat_is_given_back_at_the_periods_end(shop: Shop, acme: Company) -> None:
    acme.subscribe(seats=acme.people() + 1)
    paid = acme.row.seats
    acme.count()
    shop.goes_on(days=20)
    assert acme.row.seats == paid
    shop.goes_on(days=13)
    assert (acme.row.seats, acme.at_stripe.seats) == (paid - 1, paid - 1)
    assert changes_of(shop)[-1]["proration_behavior"] == "none"
    [newest, *_] = shop.double.request("GET", "/v1/invoices", {"customer": acme.row.customer_id})["data"]
    assert newest["total"] == 1200 * (paid - 1)


def test_a_seat_that_was_not_given_back_in_time_is_credited(shop: Shop, acme: Company) -> None:
    """No worker ran in the last hours of the period: what was paid too much counts towards what is paid next."""
    acme.subscribe(seats=acme.people() + 1)
    paid = acme.row.seats
    acme.count()
    shop.goes_on(hours=2)  # it waits for the period's last hours now
    shop.goes_on(days=33, told=False)
    shop.deliver()
    shop.turn()
    assert acme.row.seats == paid - 1
    upcoming = shop.gateway.upcoming(acme.row.subscription_id or "")
    assert upcoming is not None
    assert upcoming.amount < 1200 * (paid - 1)


def test_seats_that_were_asked_for_stay_until_somebody_goes(shop: Shop, acme: Company) -> None:
    acme.subscribe(seats=acme.people())
    wanted = acme.people() + 5
    seats.want(acme.tenant, wanted, now=shop.now)
    shop.goes_on(hours=1)
    assert acme.row.seats == wanted
    acme.invite()
    shop.goes_on(hours=1)
    assert acme.row.seats == wanted
    acme.withdraw()
    shop.goes_on(days=32)
    assert acme.row.seats == acme.people()


def test_nobody_asks_for_seats_who_pays_none(shop: Shop, acme: Company) -> None:
    with pytest.raises(NothingToDo):
        seats.want(acme.tenant, 5)
    with pytest.raises(NothingToDo):
        seats.preview(shop.settings, acme.tenant, 5)
    assert seats.paid(acme.id) is None
    acme.invite()
    assert acme.row.seats_due_at is None


def test_two_who_ask_at_once_end_in_one_number(shop: Shop, acme: Company) -> None:
    acme.subscribe(seats=acme.people())
    people = acme.people()

    def ask(number: int) -> None:
        with shop.app.app_context():
            seats.want(acme.tenant, people + number, now=shop.now)

    with ThreadPoolExecutor(8) as admins:
        list(admins.map(ask, range(1, 9)))
    wanted = acme.row.seats_wanted
    shop.double.requests.clear()
    shop.goes_on(hours=1)
    assert acme.row.seats == acme.at_stripe.seats == wanted
    assert len(changes_of(shop)) == 1


def test_setting_at_once_in_two_workers_is_setting_once(shop: Shop, acme: Company) -> None:
    acme.subscribe("team", "year", seats=acme.people())
    acme.invite(3)
    shop.double.advance(hours=1)
    before = len(shop.double.request("GET", "/v1/invoices", {"customer": acme.row.customer_id})["data"])

    def work(_number: int) -> None:
        with shop.app.app_context():
            seats.send_due(shop.settings, acme.id, now=shop.now)

    with ThreadPoolExecutor(4) as workers:
        list(workers.map(work, range(4)))
    shop.deliver()
    invoices = shop.double.request("GET", "/v1/invoices", {"customer": acme.row.customer_id})["data"]
    assert len(invoices) == before + 1
    assert acme.row.seats == acme.at_stripe.seats == acme.people()


@pytest.mark.parametrize("trouble", ["after", "connection", "server_error"])
def test_a_broken_connection_sets_once(shop: Shop, acme: Company, trouble: str) -> None:
    """Stripe did it and we were not told; or it did not. Asked again, it is done once."""
    acme.subscribe("team", "year", seats=acme.people())
    acme.invite()
    shop.double.advance(hours=1)
    before = len(shop.double.request("GET", "/v1/invoices", {"customer": acme.row.customer_id})["data"])
    shop.double.trouble(trouble, times=1, path=f"/v1/subscriptions/{acme.row.subscription_id}")
    seats.send_due(shop.settings, acme.id, now=shop.now)
    invoices = shop.double.request("GET", "/v1/invoices", {"customer": acme.row.customer_id})["data"]
    assert len(invoices) == before + 1
    assert acme.row.seats == acme.people()


def test_a_worker_that_dies_after_stripe_did_it_charges_nobody_twice(shop: Shop, acme: Company) -> None:
    acme.subscribe("team", "year", seats=acme.people())
    acme.invite()
    shop.double.advance(hours=1)
    sub, wanted = acme.at_stripe, acme.people()
    shop.gateway.set_items(
        sub, seats=wanted, price_id=None, prorations="always_invoice", must_be_paid=False, key="seats-of-the-dead"
    )
    before = len(shop.double.request("GET", "/v1/invoices", {"customer": acme.row.customer_id})["data"])
    assert acme.row.seats == wanted - 1  # nothing of it was written
    shop.turn()
    invoices = shop.double.request("GET", "/v1/invoices", {"customer": acme.row.customer_id})["data"]
    assert len(invoices) == before
    assert (acme.row.seats, acme.row.seats_due_at) == (wanted, None)
