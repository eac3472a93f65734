"""Stripe's products and prices are made equal to the plans."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from billing.errors import StripeUnreachable
from billing.models import StripePrice
from billing.plans import Catalogue, catalogue
from billing.syncing import Step, offered, sync
from tenants.db import SHARED, db
from tests.billing.company import Company, Shop


def changed(**prices: Any) -> Catalogue:
    """The plans with other amounts for Team in euros."""
    told = catalogue().model_dump()
    for plan in told["plans"]:
        if plan["key"] == "team":
            plan["prices"]["EUR"] = {"month": 1200, "year": 12000, **prices}
    return Catalogue.model_validate({**told, "version": 2})


def prices_at(shop: Shop, **which: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = shop.double.request("GET", "/v1/prices", {"limit": 100, **which})["data"]
    return found


def test_all_are_made_and_said_again_nothing_is(shop: Shop) -> None:
    wanted = {(price.lookup_key, price.amount) for price in catalogue().prices()}
    assert {(one["lookup_key"], one["unit_amount"]) for one in prices_at(shop)} == wanted
    with db.engines[SHARED].connect() as connection:
        assert connection.scalar(select(func.count()).select_from(StripePrice)) == len(wanted)
    shop.double.requests.clear()
    assert sync(shop.gateway, catalogue()) == []
    assert {asked.method for asked in shop.double.requests} == {"GET"}


def test_a_dry_run_changes_nothing(shop: Shop) -> None:
    shop.double.requests.clear()
    steps = sync(shop.gateway, changed(month=1500), dry_run=True)
    assert [step.act for step in steps] == ["make", "archive"]
    assert {asked.method for asked in shop.double.requests} == {"GET"}
    assert offered("team", "month", "EUR") is not None
    assert sync(shop.gateway, catalogue()) == []


def test_a_dry_run_on_an_empty_account(selling: Flask, shop: Shop) -> None:
    shop.double.reset()
    steps = sync(shop.gateway, catalogue(), dry_run=True)
    assert len(steps) == len(list(catalogue().prices())) + 2
    assert prices_at(shop) == []


def test_another_amount_is_another_price_and_who_has_the_old_keeps_it(shop: Shop, acme: Company) -> None:
    acme.subscribe("team", "month")
    before = offered("team", "month", "EUR")
    assert before is not None
    steps = sync(shop.gateway, changed(month=1500))
    assert [(step.act, step.amount) for step in steps] == [("make", 1500), ("archive", 1200)]
    after = offered("team", "month", "EUR")
    assert after is not None
    assert (after[0] != before[0], after[1]) == (True, 1500)
    [new] = prices_at(shop, lookup_keys=["crm_team_month_eur"])
    assert (new["id"], new["active"]) == (after[0], True)
    shop.goes_on(days=32)
    assert (acme.row.amount, acme.row.price_id, acme.row.plan) == (1200, before[0], "team")
    assert sync(shop.gateway, changed(month=1500)) == []


def test_a_former_amount_is_offered_again(shop: Shop) -> None:
    before = offered("team", "month", "EUR")
    sync(shop.gateway, changed(month=1500))
    steps = sync(shop.gateway, catalogue())
    assert [step.act for step in steps] == ["offer", "archive"]
    assert offered("team", "month", "EUR") == before
    assert sync(shop.gateway, catalogue()) == []


def test_other_words_change_the_product(shop: Shop) -> None:
    told = catalogue().model_dump()
    told["plans"][1]["names"]["en"] = "Crew"
    assert sync(shop.gateway, Catalogue.model_validate(told)) == [Step("change", "product team")]
    found = shop.double.request("GET", f"/v1/products/{shop.gateway.product_id('team')}")
    assert found["name"] == "Crew"


def test_what_was_interrupted_is_finished(shop: Shop) -> None:
    shop.double.trouble("server_error", times=3, path="/v1/prices/")
    with pytest.raises(StripeUnreachable):
        sync(shop.gateway, changed(month=1500))
    assert sync(shop.gateway, changed(month=1500)) != []
    assert sync(shop.gateway, changed(month=1500)) == []
    active = [one for one in prices_at(shop, product=shop.gateway.product_id("team"), active=True)
              if (one["currency"], one["recurring"]["interval"]) == ("eur", "month")]  # fmt: skip
    assert [one["unit_amount"] for one in active] == [1500]


def test_another_installation_in_the_account_is_left_alone(shop: Shop) -> None:
    other = shop.double.request("POST", "/v1/products", {"name": "Theirs", "metadata": {"installation": "theirs"}})
    price = shop.double.request("POST", "/v1/prices", {
        "product": other["id"], "currency": "eur", "unit_amount": 5, "recurring": {"interval": "month"},
        "lookup_key": "crm_team_month_eur", "transfer_lookup_key": True, "metadata": {"installation": "theirs"},
    })  # fmt: skip
    sync(shop.gateway, changed(month=1500))
    found = shop.double.request("GET", f"/v1/prices/{price['id']}")
    assert (found["active"], found["lookup_key"]) == (True, "crm_team_month_eur")
    assert offered("team", "month", "EUR") is not None


@pytest.mark.parametrize(("currency", "amount"), [("JPY", 1800), ("KWD", 4000), ("TWD", 39000), ("EUR", 1200)])
def test_amounts_are_the_smallest_unit_of_each_currency(shop: Shop, currency: str, amount: int) -> None:
    found = offered("team", "month", currency)
    assert found is not None
    assert found[1] == amount
    at_stripe = shop.double.request("GET", f"/v1/prices/{found[0]}")
    assert (at_stripe["unit_amount"], at_stripe["currency"]) == (amount, currency.lower())
