"""The hourly turn: what is wrong with one keeps nobody else waiting; a silent Stripe ends it after a few in a row."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from billing import seats, subscriptions, turning
from billing.announcing import reminder_due
from billing.models import Subscription
from billing.owing import LETTERS
from billing.seat_counting import GATHERED
from tenants.db import SHARED, db
from tests.billing.company import Company, Shop
from tests.support.rows import Rows


def spoil(tenant_id: UUID, **values: Any) -> None:
    with db.engines[SHARED].begin() as connection:
        connection.execute(update(Subscription).where(Subscription.tenant_id == tenant_id).values(**values))


def owing(shop: Shop, rows: Rows, count: int) -> None:
    """Workspaces that owe, and come before all others."""
    rows.customers(count, state="past_due", past_due_since=shop.now, state_since=shop.now)


def asked(shop: Shop, *customers: str | None) -> int:
    return sum(one.params.get("customer") in customers for one in shop.double.requests)


@pytest.mark.parametrize("trouble", ["rate_limit", "server_error", "conflict"])
def test_what_stripe_says_against_some_keeps_nobody_waiting(
    shop: Shop, acme: Company, rows: Rows, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    acme.subscribe()
    spoil(acme.id, state="past_due", past_due_since=shop.now)
    owing(shop, rows, 4)
    shop.double.requests.clear()
    shop.double.trouble(trouble, times=4 * (5 if trouble == "rate_limit" else 3), path="/v1/subscriptions")
    shop.turn()
    assert acme.row.state == "active"
    assert asked(shop, acme.row.customer_id) >= 1


def test_a_silent_stripe_is_asked_for_a_few_only_and_the_clock_goes_on(
    shop: Shop, acme: Company, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    owing(shop, rows, 8)
    shop.double.advance(days=15)  # acme's trial is over by then
    shop.double.requests.clear()
    shop.double.trouble("connection", times=500)
    shop.turn()
    shop.double.core.troubles.clear()
    assert len({one.params.get("customer") for one in shop.double.requests}) == 3
    assert acme.row.state == "free"


def test_a_fault_in_one_is_not_silence(shop: Shop, acme: Company, rows: Rows) -> None:
    """Workspaces whose tables are missing cannot be written: whoever comes behind them is looked at all the same."""
    acme.subscribe()
    spoil(acme.id, state="past_due", past_due_since=shop.now)
    owing(shop, rows, 5)
    shop.turn()
    assert acme.row.state == "active"


def test_all_who_wait_are_looked_at_however_many(
    shop: Shop, acme: Company, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "BATCH", 2)
    owing(shop, rows, 5)
    spoil(acme.id, trial_ends_at=shop.now - timedelta(days=1))
    assert turning.turn(shop.settings, shop.now) == 6
    assert acme.row.state == "free"


def looks(shop: Shop) -> int:
    """How often Stripe is asked in a turn."""
    shop.double.requests.clear()
    shop.turn()
    return len(shop.double.requests)


def test_how_many_owe_says_nothing_of_how_often_stripe_is_asked(shop: Shop, acme: Company, rows: Rows) -> None:
    acme.subscribe()
    before = looks(shop)
    told = list(LETTERS.values())
    rows.customers(3, state="past_due", past_due_since=shop.now, state_since=shop.now, told=told)
    for number, state in enumerate(("read_only", "cancelled"), start=4):
        rows.make(number, customer_id=f"cus_{number}", state=state, state_since=shop.now, told=told,
                  past_due_since=shop.now - timedelta(days=20))  # fmt: skip
    assert looks(shop) == before == 1, "what was told of late, of all at once"


@pytest.mark.parametrize(("state", "days"), [("past_due", 14), ("read_only", 30)])
def test_before_anything_follows_stripe_is_asked(shop: Shop, acme: Company, state: str, days: int) -> None:
    """Who has paid long ago, by Stripe, and of whom nothing was heard, is not locked out by the clock."""
    acme.subscribe()
    since = shop.now - timedelta(days=days)
    spoil(acme.id, state=state, past_due_since=since - timedelta(days=14), state_since=since, told=[
        *LETTERS.values(), "payment_still_due-3", "payment_still_due-7", "payment_still_due-12"
    ])  # fmt: skip
    assert reminder_due(acme.row, shop.now) is None
    shop.turn()
    assert acme.row.state == "active"


def test_nobody_is_reminded_who_has_paid(shop: Shop, acme: Company) -> None:
    acme.subscribe()
    since = shop.now - timedelta(days=3, hours=1)
    spoil(acme.id, state="past_due", past_due_since=since, state_since=since, told=["payment_failed"])
    assert reminder_due(acme.row, shop.now) is not None
    shop.turn()
    assert acme.row.state == "active"
    assert "payment_still_due-3" not in acme.row.told


def owed_for(shop: Shop, company: Company) -> list[str]:
    asked_for = {"customer": company.row.customer_id, "status": "open"}
    return [one["id"] for one in shop.double.request("GET", "/v1/invoices", asked_for)["data"]]


def test_who_pays_and_nothing_is_heard_of_it_works_again_within_the_hour(shop: Shop, acme: Company) -> None:
    acme.subscribe()
    shop.double.account.after_retries = "past_due"
    shop.double.cards(acme.row.customer_id or "", "declined")
    shop.goes_on(days=50, step=1)
    assert (acme.row.state, acme.status) == ("read_only", "read_only")
    shop.double.advance(hours=1)
    shop.deliver()
    shop.turn()
    asked_before = len(shop.double.requests)
    shop.turn()
    assert len(shop.double.requests) == asked_before + 1
    for invoice_id in owed_for(shop, acme):
        shop.double.acts.pay_invoice(invoice_id)
    shop.lose()
    shop.turn()
    assert acme.row.state == "read_only", "it may still be on its way"
    shop.double.advance(hours=1)
    shop.lose()
    shop.turn()
    assert (acme.row.state, acme.status) == ("active", "active")


def test_an_event_that_cannot_be_read_keeps_nothing_else_from_being_done(shop: Shop, acme: Company) -> None:
    """Stripe may tell of something in a shape of tomorrow's; seats, deletions and what was left behind go on."""
    acme.subscribe()
    shop.lose()
    newest = list(shop.double.world.rows("event"))[-1]
    newest["data"]["object"]["metadata"] = "not what it was"
    seats.want(acme.tenant, 9, now=shop.now - GATHERED)
    shop.turn()
    assert acme.row.seats == 9
    report = shop.reconcile()
    assert report.failed == {"events": "AttributeError"}
    assert report.looked == 1, "the night compares all the same"


def test_where_nothing_happens_to_us_no_more_than_a_day_is_looked_through(shop: Shop, acme: Company) -> None:
    """Others may share the account, and all of theirs would be listed each hour; the night looks further."""
    acme.subscribe()
    shop.double.acts.change_card(acme.row.customer_id or "", "works")
    shop.double.advance(days=9)
    shop.lose()
    shop.double.requests.clear()
    shop.turn()
    [asked_for] = [one.params["created"] for one in shop.double.requests if one.path == "/v1/events"]
    assert int(asked_for["gte"]) == int((shop.now - timedelta(days=1)).timestamp())
    assert len(shop.reconcile().missed_events) > 0
