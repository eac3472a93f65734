"""What a program is told beforehand of a change is what the change does."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from tests.stripe import Double
from tests.support.api import places, problem
from tests.support.cast import Cast
from tests.support.clients import Browser, Phone
from tests.support.selling import state_of, subscribe

ANY = {"If-Match": "*"}


@pytest.fixture
def payer(api_for: Callable[..., Phone], client_for: Callable[..., Browser], sold: Flask, stripe: Double) -> Phone:
    """The program of an owner who pays for seven seats of Team by the month."""
    subscribe(client_for("owner", sold), stripe)
    return api_for("owner", of=sold)


@pytest.mark.parametrize("wish", [{"plan": "business"}, {"interval": "year"}, {"plan": "business", "interval": "year"}])
def test_no_seats_are_foreseen_that_a_change_would_not_take(payer: Phone, wish: dict[str, str]) -> None:
    assert "#/seats" in places(payer.post("/billing/previews", json=wish | {"seats": 20}))
    problem(payer.put("/billing/plan", json={"plan": "business", "seats": 20}, headers=ANY), 422, "invalid")
    cost = payer.post("/billing/previews", json=wish).json
    told = payer.put("/billing/plan", json={"plan": "team"} | wish, headers=ANY).json
    assert (told["seats_paid"], told["plan"]) == (cost["seats"], wish.get("plan", "team"))
    assert told["interval"] == wish.get("interval", "month")
    each, _, fraction = told["price"]["amount"].partition(".")
    assert cost["then"]["amount"] == f"{int(each) * cost['seats']}.{fraction}"


def test_a_change_that_names_no_interval_leaves_it_as_it_was_foreseen(payer: Phone) -> None:
    payer.put("/billing/plan", json={"plan": "team", "interval": "year"}, headers=ANY)
    cost = payer.post("/billing/previews", json={"plan": "business"}).json
    told = payer.put("/billing/plan", json={"plan": "business"}, headers=ANY).json
    assert (told["plan"], told["interval"], cost["at_once"]) == ("business", "year", True)
    assert cost["then"]["amount"] == f"{int(told['price']['amount'].partition('.')[0]) * 7}.00"


@pytest.mark.parametrize(("seats", "foreseen"), [(1, 7), (7, 7), (9, 9), (5_000, 100)])
def test_seats_are_foreseen_as_they_would_be_set(payer: Phone, seats: int, foreseen: int) -> None:
    """Seven people work here, and Team has room for a hundred."""
    cost = payer.post("/billing/previews", json={"seats": seats}).json
    assert (cost["seats"], cost["then"]["amount"]) == (foreseen, f"{foreseen * 12}.00")


def test_nothing_is_changed_by_asking(payer: Phone, sold: Flask, cast: Cast) -> None:
    before = state_of(sold, cast.tenants["acme"].id)
    for wish in ({"plan": "business"}, {"seats": 9}, {"interval": "year"}):
        assert payer.post("/billing/previews", json=wish).status_code == 200
    assert state_of(sold, cast.tenants["acme"].id) == before
