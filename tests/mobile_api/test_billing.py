"""Plan, seats, limits, invoices and changes for programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from pydantic import SecretStr

from saas_crm.core.clock import now
from tests.stripe import KEY, Double
from tests.support.api import places, problem
from tests.support.cast import Cast
from tests.support.clients import Browser, Phone
from tests.support.installation import Installation
from tests.support.mailbox import Mailbox
from tests.support.paying import PAID, put
from tests.support.selling import selling_at, state_of, subscribe

Api = Callable[..., Phone]
ClientFor = Callable[..., Browser]


@pytest.fixture
def stripe() -> Iterator[Double]:
    """A double whose time is ours."""
    with Double(now=now()) as double:
        yield double
        assert double.violations == []


@pytest.fixture
def sold(app_with: Callable[..., Flask], stripe: Double, installation: Installation, cast: Cast) -> Flask:
    """An application that takes money there, with acme on trial."""
    return selling_at(stripe, app_with, installation.place, cast.tenants["acme"].id)


@pytest.fixture
def owner(api_for: Api, sold: Flask) -> Phone:
    """The owner's program."""
    return api_for("owner", of=sold)


def test_where_no_money_is_taken_there_is_nothing_of_it(api_for: Api) -> None:
    owner = api_for("owner")
    for path in ("/billing", "/billing/plans", "/billing/invoices"):
        problem(owner.get(path), 404, "not-found")
    problem(owner.post("/billing/portal"), 404, "not-found")
    problem(owner.put("/billing/plan", json={"plan": "team"}), 404, "not-found")


@pytest.mark.parametrize("who", ["admin", "rep", "viewer"])
def test_who_may_not_see_it_is_refused_without_an_amount(api_for: Api, sold: Flask, who: str) -> None:
    phone = api_for(who, of=sold)
    for path in ("/billing", "/billing/plans", "/billing/invoices"):
        assert "amount" not in str(problem(phone.get(path), 403, "forbidden"))
    refused = phone.put("/billing/cancellation", json={"to": "free", "reason": "unused"})
    problem(refused, 403, "forbidden")
    problem(phone.post("/billing/checkout", json={"plan": "team"}), 403, "forbidden")


def test_a_trial_and_the_plans(owner: Phone) -> None:
    told = owner.get("/billing").json
    assert (told["plan"], told["plan_name"], told["state"], told["price"]) == ("business", "Business", "trialing", None)
    assert told["seats_needed"] == 7
    limits = {one["limit"]: one for one in told["limits"]}
    assert limits["customers"] == {"limit": "customers", "used": 0, "most": None}
    assert limits["members"]["used"] == 7
    plans = owner.get("/billing/plans").json["items"]
    assert [plan["plan"] for plan in plans] == ["free", "team", "business"]
    prices = {(one["interval"], one["price"]["currency"]): one["price"]["amount"] for one in plans[1]["prices"]}
    assert prices["month", "EUR"] == "12.00"
    assert prices["month", "JPY"] == "1800"
    assert prices["month", "KWD"] == "4.000"
    assert owner.get("/billing/invoices").json == {"items": [], "next": None}


def test_from_checkout_to_cancelling_and_back(owner: Phone, client_for: ClientFor, sold: Flask, stripe: Double) -> None:
    led = owner.post("/billing/checkout", json={"plan": "team", "interval": "year", "currency": "EUR"})
    assert led.json["url"].startswith(f"{stripe.url}/c/pay/")
    subscribe(client_for("owner", sold), stripe)
    told = owner.get("/billing").json
    assert (told["state"], told["price"]) == ("active", {"amount": "12.00", "currency": "EUR"})
    assert (told["seats_paid"], told["interval"]) == (7, "month")
    [invoice] = owner.get("/billing/invoices").json["items"]
    assert (invoice["state"], invoice["total"]) == ("paid", {"amount": "84.00", "currency": "EUR"})
    problem(owner.post("/billing/checkout", json={"plan": "team"}), 409, "payment-not-possible")
    cost = owner.post("/billing/previews", json={"plan": "business"}).json
    assert (cost["then"]["amount"], cost["at_once"]) == ("203.00", True)
    assert owner.post("/billing/previews", json={"seats": 9}).json["then"]["amount"] == "108.00"
    assert owner.put("/billing/plan", json={"plan": "business"}).json["plan"] == "business"
    ended = owner.put("/billing/cancellation", json={"to": "closed", "reason": "unused", "words": "Bye"})
    assert ended.json["ending"] == "closed"
    assert owner.delete("/billing/cancellation").status_code == 204
    assert owner.get("/billing").json["ending"] is None
    assert owner.post("/billing/portal").json["url"].startswith(stripe.url)


def test_what_is_wrong_is_told_by_its_place(owner: Phone) -> None:
    assert places(owner.post("/billing/checkout", json={"plan": "free"})) == {"#/plan"}
    assert places(owner.post("/billing/checkout", json={"plan": "team", "currency": "XXX"})) == {"#/currency"}
    assert places(owner.post("/billing/checkout", json={"plan": "team", "interval": "week"})) == {"#/interval"}
    assert places(owner.put("/billing/cancellation", json={"to": "free"})) == {"#/reason"}
    problem(owner.put("/billing/plan", json={"plan": "team"}), 409, "payment-not-possible")


def test_a_declined_card_and_a_silent_service(
    owner: Phone, client_for: ClientFor, sold: Flask, stripe: Double, cast: Cast
) -> None:
    subscribe(client_for("owner", sold), stripe)
    stripe.cards(state_of(sold, cast.tenants["acme"].id).customer_id, "declined")
    problem(owner.put("/billing/plan", json={"plan": "business"}), 402, "payment-declined")
    stripe.trouble("server_error", times=20)
    problem(owner.get("/billing/invoices"), 503, "payment-service-unavailable")


def test_an_invitation_beyond_the_seats_is_confirmed_with_its_cost(
    owner: Phone, api_for: Api, client_for: ClientFor, sold: Flask, stripe: Double, cast: Cast,
    role_ids: dict[str, str], mailbox: Mailbox,
) -> None:  # fmt: skip
    subscribe(client_for("owner", sold), stripe)
    body = {"email": "ada@x.example", "role_id": role_ids["viewer"]}
    asked = problem(owner.post("/invitations", json=body), 409, "seat-needed")["seats"]
    assert (asked["paid"], asked["needed"], asked["cost"]["then"]["amount"]) == (7, 8, "96.00")
    admin = api_for("admin", of=sold)
    told = problem(admin.post("/invitations", json=body), 409, "seat-needed")["seats"]
    assert told == {"paid": 7, "needed": 8}
    problem(admin.post("/invitations", json=body | {"confirm_seats": 8}), 403, "forbidden")
    problem(owner.post("/invitations", json=body | {"confirm_seats": 9}), 409, "seat-needed")
    assert mailbox.arrived("ada@x.example") == []
    assert owner.post("/invitations", json=body | {"confirm_seats": 8}).status_code == 201
    assert mailbox.arrived("ada@x.example")
    assert state_of(sold, cast.tenants["acme"].id).seats_wanted == 8


def test_paying_works_where_the_workspace_can_only_be_read(
    app_with: Callable[..., Flask], api_for: Api, installation: Installation, cast: Cast
) -> None:
    silent = app_with(stripe_secret_key=SecretStr(KEY), stripe_api_base="http://127.0.0.1:9")
    put(silent, installation.place, cast.tenants["acme"].id, **PAID | {"state": "read_only"})
    with installation.place.owner() as connection:
        connection.execute(
            "INSERT INTO public.suspensions (tenant_id, cause, kind) VALUES (%s, 'billing', 'read_only')",
            [cast.tenants["acme"].id],
        )
        connection.execute("UPDATE public.tenants SET status = 'read_only' WHERE id = %s", [cast.tenants["acme"].id])
    silent.extensions["directory"].forget()
    owner = api_for("owner", of=silent)
    problem(owner.post("/companies", json={"name": "X"}), 403, "workspace-read-only")
    assert owner.get("/billing").json["state"] == "read_only"
    problem(owner.post("/billing/portal"), 503, "payment-service-unavailable")


def test_a_programs_first_word_may_be_about_invoices(owner: Phone) -> None:
    assert owner.get("/billing/invoices").status_code == 200


def test_the_same_request_under_a_key_is_done_once(owner: Phone, stripe: Double) -> None:
    wish = {"plan": "team", "interval": "month", "currency": "EUR"}
    once, again = (owner.post("/billing/checkout", json=wish, headers={"Idempotency-Key": "c-1"}) for _ in range(2))
    assert once.status_code == again.status_code == 200, once.text
    assert once.json == again.json
