"""Which seats a change of plan or interval is paid for: what is shown is what is charged, for who has one from then on.

Who was invited within the hour is among them, who has gone is not, and the plan that comes says how many there may be.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from billing.changing import preview
from billing.plans import PACKAGED
from billing.seat_rules import from_change, to_buy
from tests.billing.company import Company, Shop

ROOM = "members = 100"


@pytest.fixture
def few(selling: Flask, shop: Shop, tmp_path: Path) -> Iterator[None]:
    """Plans of which Team has room for eight people."""
    text, file, former = PACKAGED.read_text(encoding="utf-8"), tmp_path / "plans.toml", selling.extensions["settings"]
    assert text.count(ROOM) == 1
    file.write_text(text.replace(ROOM, "members = 8"), encoding="utf-8")
    selling.extensions["settings"] = former.model_copy(update={"billing_plans": str(file)})
    yield
    selling.extensions["settings"] = former


def newest_invoice(shop: Shop, company: Company) -> dict[str, Any]:
    found: list[dict[str, Any]] = shop.double.request("GET", "/v1/invoices", {"customer": company.row.customer_id})[
        "data"
    ]
    return found[0]


def nothing_follows(shop: Shop, company: Company, seats: int) -> None:
    """Let the hour go by in which seats are set: there is nothing to be set."""
    shop.double.requests.clear()
    shop.goes_on(hours=1.1)
    assert [one for one in shop.double.requests if one.method == "POST" and "items" in one.params] == []
    assert company.row.seats == company.at_stripe.seats == seats


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
    newest = newest_invoice(shop, acme)
    assert newest["status"] == "paid"
    assert abs(newest["total"] - cost.now) <= 5
    nothing_follows(shop, acme, paid + 1)


def test_a_year_that_begins_now_is_paid_again_in_a_year(shop: Shop, acme: Company) -> None:
    acme.subscribe("team", "month")
    shop.goes_on(days=10)
    cost = preview(shop.settings, acme.tenant, plan="team", interval="year")
    acme.change("team", "year")
    assert acme.row.period_ends_at is not None
    assert abs(cost.from_at - acme.row.period_ends_at) < timedelta(minutes=5)
    larger = preview(shop.settings, acme.tenant, plan="business", interval="year")
    assert larger.from_at == acme.row.period_ends_at


def test_a_larger_plan_is_paid_for_all_whom_it_seats(shop: Shop, acme: Company, few: None) -> None:
    """Nobody paid for people beyond the former plan's room: they are among what is shown, not charged afterwards."""
    acme.subscribe("team", "month")
    acme.invite(5)
    shop.goes_on(hours=1.1)
    assert (acme.people(), acme.row.seats) == (12, 8)
    cost = preview(shop.settings, acme.tenant, plan="business", interval="month")
    assert (cost.seats, cost.then) == (12, 12 * 2_900)
    acme.change("business", "month")
    assert abs(newest_invoice(shop, acme)["total"] - cost.now) <= 5
    nothing_follows(shop, acme, 12)


def test_a_smaller_plan_is_paid_for_no_more_than_it_seats(shop: Shop, acme: Company, few: None) -> None:
    acme.invite(5)
    acme.subscribe("business", "month")
    assert acme.row.seats == 12
    cost = preview(shop.settings, acme.tenant, plan="team", interval="month")
    assert (cost.seats, cost.then, cost.at_once) == (8, 8 * 1_200, False)
    acme.change("team", "month")
    shop.goes_on(days=33)
    assert (acme.row.plan, acme.row.seats, acme.at_stripe.seats) == ("team", 8, 8)
    assert newest_invoice(shop, acme)["total"] == cost.then
    nothing_follows(shop, acme, 8)


def test_a_year_is_not_paid_for_who_has_gone(shop: Shop, acme: Company) -> None:
    """Their seats are given back when the period ends; and with another interval it ends at once."""
    people = acme.people()
    acme.subscribe("team", "month", seats=people + 2)
    acme.count()
    shop.goes_on(days=10)
    assert acme.row.seats == people + 2
    cost = preview(shop.settings, acme.tenant, plan="team", interval="year")
    assert (cost.seats, cost.then) == (people, people * 12_000)
    acme.change("team", "year")
    assert abs(newest_invoice(shop, acme)["total"] - cost.now) <= 5
    nothing_follows(shop, acme, people)


def test_within_a_period_what_is_paid_stays(shop: Shop, acme: Company) -> None:
    people = acme.people()
    acme.subscribe("team", "month", seats=people + 2)
    acme.count()
    assert preview(shop.settings, acme.tenant, plan="business", interval="month").seats == people + 2
    acme.change("business", "month")
    assert acme.at_stripe.seats == people + 2
    shop.goes_on(days=33)
    assert acme.at_stripe.seats == people


def test_no_seat_is_bought_that_a_plan_has_no_room_for(shop: Shop, few: None) -> None:
    assert [to_buy("team", 3, wanted) for wanted in (None, 5, 8, 30)] == [3, 5, 8, 8]
    assert [from_change("team", 3, None, paid=paid) for paid in (0, 6, 30)] == [3, 6, 8]
    assert (to_buy("business", 3, 30), to_buy("no longer sold", 3, 30)) == (30, 30)
