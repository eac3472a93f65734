"""Keys of requests: what is sent twice is done once, what is meant anew is done, and no fault is kept for a day."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from billing.errors import StripeUnreachable
from billing.models import Subscription
from tenants.db import SHARED, db
from tests.billing.company import Company, Shop


def put_back(company: Company, asked: int) -> None:
    """Let the database be an older one, as a backup held it: its numbers come again."""
    with db.engines[SHARED].begin() as connection:
        row = update(Subscription).where(Subscription.tenant_id == company.id)
        connection.execute(row.values(asked=asked, settled=min(asked, company.row.settled)))


def test_a_database_that_was_put_back_uses_no_key_again(shop: Shop, acme: Company) -> None:
    acme.subscribe("team", "month")
    shop.goes_on(hours=2)
    before = acme.row.asked
    acme.change("business", "month")
    put_back(acme, before)
    acme.change("business", "year")
    assert (acme.row.interval, acme.at_stripe.interval) == ("year", "year")
    before = acme.row.asked
    acme.cancel("free")
    acme.take_back()
    put_back(acme, before)
    acme.cancel("free")
    assert acme.at_stripe.cancel_at_period_end, "done, and not only said to be done"


def test_no_key_comes_twice_in_a_life(shop: Shop, acme: Company) -> None:
    acme.subscribe("team", "month")
    for _time in range(2):
        acme.cancel()
        acme.take_back()
        acme.change("business", "month")
        acme.change("team", "month")
        acme.invite()
        shop.goes_on(hours=2)
    keys = [one.key for one in shop.double.requests if one.key and one.method == "POST"]
    assert len(keys) == len(set(keys))


def test_a_fault_that_stripe_has_kept_is_passed_by(shop: Shop, acme: Company) -> None:
    """Stripe says a 500 again for a day to whoever asks with the same key: docs.stripe.com/api/idempotent_requests."""
    shop.double.trouble("server_error", times=1, path="/v1/customers")
    acme.go_to_checkout()
    assert len(shop.double.request("GET", "/v1/customers")["data"]) == 1
    replayed = [one for one in shop.double.requests if one.replayed]
    assert replayed
    assert {one.status for one in replayed} == {500}


def test_faults_for_hours_end_minutes_after_them(shop: Shop, acme: Company) -> None:
    shop.double.trouble("server_error", times=99, path="/v1/customers")
    for _attempt in range(2):
        with pytest.raises(StripeUnreachable):
            acme.go_to_checkout()
        shop.double.advance(hours=1)
    shop.double.core.troubles.clear()
    assert acme.go_to_checkout()
    acme.subscribe()
    assert acme.row.state == "active"
    assert len(shop.double.request("GET", "/v1/customers")["data"]) == 1


def test_whoever_passes_by_at_once_comes_to_one_customer(shop: Shop, acme: Company) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from billing.checkout import become_customer

    shop.double.trouble("server_error", times=1, path="/v1/customers")

    def ask(_number: int) -> str:
        with shop.app.app_context():
            return become_customer(shop.gateway, acme.id)

    with ThreadPoolExecutor(4) as people:
        assert len(set(people.map(ask, range(4)))) == 1
    assert len(shop.double.request("GET", "/v1/customers")["data"]) == 1
