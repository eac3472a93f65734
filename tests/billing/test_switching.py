"""Stripe's key is taken away: nobody stays limited or locked out; with the key back all is as it was."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from billing.entitlements import renew
from billing.models import Subscription
from billing.switching import switch_off
from saas_crm.core.jobs import registry
from saas_crm.worker import execute
from tenants.db import SHARED, db
from tests.billing import ending
from tests.billing.company import Company, Shop
from tests.support.cast import Cast


def put(company: Company, **values: Any) -> None:
    with db.engines[SHARED].begin() as connection:
        connection.execute(update(Subscription).where(Subscription.tenant_id == company.id).values(**values))


def without_key(app: Flask, shop: Shop) -> None:
    """Let the hourly job strike in a worker that has no key."""
    former = shop.app.extensions["settings"]
    shop.app.extensions["settings"] = former.model_copy(update={"stripe_secret_key": None})
    try:
        execute(shop.app, registry["billing.turn"], {})
    finally:
        shop.app.extensions["settings"] = former


def lead_to(shop: Shop, company: Company, state: str) -> None:
    """Let a workspace that pays come to owe, and to what follows, without a card that works."""
    company.subscribe()
    shop.double.account.after_retries = "past_due"
    shop.double.cards(company.row.customer_id or "", "declined")
    while company.row.state != state:
        shop.goes_on(days=3)


@pytest.mark.parametrize(("state", "status"), [("read_only", "read_only"), ("cancelled", "suspended")])
def test_nobody_is_kept_out_and_all_of_it_comes_back(
    app: Flask, shop: Shop, acme: Company, state: str, status: str
) -> None:
    lead_to(shop, acme, state)
    plan = acme.plan
    assert (acme.status, plan["state"]) == (status, state)
    without_key(app, shop)
    assert (acme.status, acme.plan) == ("active", {})
    assert acme.row.state == state, "what it has and pays stays noted"
    shop.double.advance(hours=24 * 100)
    without_key(app, shop)
    assert acme.status == "active"
    shop.turn()
    assert (acme.row.state, acme.status, acme.plan["key"]) == (state, status, plan["key"])
    assert acme.row.state_since == shop.now, "its days begin anew"
    assert set(acme.row.told) == {state}, "and it was told once more"
    assert shop.deletion_asked(acme) is None


def test_it_comes_back_alike_where_stripe_is_asked_first(app: Flask, shop: Shop, acme: Company) -> None:
    lead_to(shop, acme, "read_only")
    without_key(app, shop)
    shop.double.advance(hours=24 * 100)
    assert shop.app.extensions["settings"].bills
    renew(shop.now)
    assert acme.plan == {}, "a new file of plans gives nothing back"
    shop.reconcile()
    assert (acme.row.state, acme.status, acme.row.state_since) == ("read_only", "read_only", shop.now)
    shop.turn()
    assert acme.row.told == ("read_only",)


def test_limits_go_and_come_back(app: Flask, shop: Shop, acme: Company) -> None:
    acme.subscribe("team")
    plan = acme.plan
    assert plan["limits"]["customers"] == 50_000
    without_key(app, shop)
    assert acme.plan == {}
    shop.turn()
    assert acme.plan == plan
    shop.turn()
    assert acme.row.state == "active"


def test_a_trial_that_ended_meanwhile_is_over(app: Flask, shop: Shop, acme: Company) -> None:
    without_key(app, shop)
    shop.double.advance(hours=24 * 20)
    shop.turn()
    assert (acme.row.state, acme.plan["key"]) == ("free", "free")


def test_a_deletion_for_money_is_taken_back_and_one_that_was_asked_for_stays(
    app: Flask, shop: Shop, acme: Company, cast: Cast
) -> None:
    lead_to(shop, acme, "cancelled")
    shop.goes_on(days=33)
    assert shop.deletion_asked(acme) == "billing"
    without_key(app, shop)
    assert (shop.deletion_asked(acme), acme.status) == (None, "active")
    ending.ask(shop, acme, cast)
    without_key(app, shop)
    assert shop.deletion_asked(acme) == "Olivia Owner"
    assert acme.status == "suspended"


def test_done_twice_it_is_done_once(app: Flask, shop: Shop, acme: Company) -> None:
    lead_to(shop, acme, "read_only")
    off = shop.settings.model_copy(update={"stripe_secret_key": None})
    assert (switch_off(off), switch_off(off)) == (1, 0)
    put(acme, updated_at=shop.now - timedelta(days=1))
    assert switch_off(off) == 0


def test_a_plan_that_nothing_is_noted_of_stays(app: Flask, shop: Shop) -> None:
    """Where nothing was ever sold there is nothing to be taken away."""
    assert switch_off(shop.settings.model_copy(update={"stripe_secret_key": None})) == 0
