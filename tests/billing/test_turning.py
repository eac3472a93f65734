"""The hourly turn: what is wrong with one keeps nobody else waiting; a silent Stripe ends it after a few in a row."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from billing import turning
from billing.models import Subscription
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
    monkeypatch.setattr(turning, "AT_ONCE", 2)
    owing(shop, rows, 5)
    spoil(acme.id, trial_ends_at=shop.now - timedelta(days=1))
    assert turning.turn(shop.settings, shop.now) == 6
    assert acme.row.state == "free"
