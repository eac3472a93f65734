"""Prices change for who comes new; who pays keeps theirs, also for seats that come later and after a reconciliation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from billing import seats
from billing.movement import months_back, of_months
from billing.movement_rules import together
from billing.plans import PACKAGED, catalogue
from billing.syncing import offered, sync
from tests.billing.company import Company, Shop

LISTED = "EUR = { month = 1200, year = 12000 }"
DEARER = "EUR = { month = 1500, year = 15000 }"


@pytest.fixture
def dearer(selling: Flask, shop: Shop, tmp_path: Path) -> Iterator[Path]:
    """A price list in which Team costs more, in a file of the operator's own; not in force yet."""
    text = PACKAGED.read_text(encoding="utf-8")
    assert LISTED in text
    assert "\nversion = 1\n" in text
    file = tmp_path / "plans.toml"
    file.write_text(text.replace(LISTED, DEARER).replace("\nversion = 1\n", "\nversion = 2\n"), encoding="utf-8")
    former = selling.extensions["settings"]
    yield file
    selling.extensions["settings"] = former


def put_in_force(shop: Shop, file: Path) -> None:
    """Name the file in the settings, and bring Stripe in line with it."""
    shop.app.extensions["settings"] = shop.settings.model_copy(update={"billing_plans": str(file)})
    assert [step.act for step in sync(shop.gateway, catalogue())] == ["make", "make", "archive", "archive"]


@pytest.mark.parametrize(("interval", "old", "new"), [("month", 1200, 1500), ("year", 12000, 15000)])
def test_the_old_keep_theirs_and_the_new_pay_the_new(
    shop: Shop, acme: Company, dearer: Path, interval: str, old: int, new: int
) -> None:
    acme.subscribe("team", interval)
    had, price = acme.row.seats, acme.row.price_id
    put_in_force(shop, dearer)
    assert offered("team", interval, "EUR") != (price, old)
    other = shop.company("other")
    other.subscribe("team", interval)
    assert (other.row.amount, other.row.price_id) == (new, (offered("team", interval, "EUR") or ("",))[0])
    cost = seats.preview(shop.settings, acme.tenant, had + 1)
    assert cost.then == old * (had + 1), "what is shown before is by the old price"
    acme.invite()
    shop.goes_on(hours=1)
    assert (acme.row.seats, acme.row.amount, acme.row.price_id) == (had + 1, old, price)
    shop.goes_on(days=33 if interval == "month" else 370, step=10)
    assert acme.at_stripe.price_id == price
    assert shop.reconcile().mended == {}
    assert (acme.row.amount, other.row.amount) == (old, new)
    [last, *_] = shop.double.request("GET", "/v1/invoices", {"customer": acme.row.customer_id})["data"]
    assert any(line["pricing"]["price_details"]["price"] == price for line in last["lines"]["data"])
    ends = together(of_months(months_back(1, shop.now), shop.now), by=("currency",))[-1].ends
    months = 1 if interval == "month" else 12
    assert ends == old * (had + 1) // months + new * other.row.seats // months


def test_who_leaves_and_comes_back_pays_the_new(shop: Shop, acme: Company, dearer: Path) -> None:
    acme.subscribe("team", "month")
    put_in_force(shop, dearer)
    acme.cancel()
    shop.goes_on(days=33)
    assert acme.row.state == "free"
    acme.subscribe("team", "month")
    assert (acme.row.amount, acme.row.state) == (1500, "active")


def test_another_plan_is_by_the_new_list_and_back_again_too(shop: Shop, acme: Company, dearer: Path) -> None:
    acme.subscribe("team", "month")
    put_in_force(shop, dearer)
    acme.change("business", "month")
    assert acme.row.amount == 2900
    acme.change("team", "month")
    shop.goes_on(days=33)
    assert (acme.row.plan, acme.row.amount) == ("team", 1500)
