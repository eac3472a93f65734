"""Plan, seats, limits, invoices and changes for programs."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask
from pydantic import SecretStr
from werkzeug.test import TestResponse

from mobile_api.billing import BillingRead, CostRead, InvoiceRead, PlanRead
from tests.stripe import KEY, Double
from tests.support.api import places, problem
from tests.support.cast import Cast
from tests.support.clients import Browser, Phone
from tests.support.installation import Installation
from tests.support.mailbox import Mailbox
from tests.support.paying import PAID, put
from tests.support.selling import state_of, subscribe

Api = Callable[..., Phone]
ClientFor = Callable[..., Browser]


@pytest.fixture
def owner(api_for: Api, sold: Flask) -> Phone:
    """The owner's program."""
    return api_for("owner", of=sold)


ANY = {"If-Match": "*"}


def seen(phone: Phone) -> dict[str, str]:
    """Return the header by which a change says what it has seen."""
    return {"If-Match": phone.get("/billing").headers["ETag"]}


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


@pytest.mark.newest  # they are counted by tables that are new
def test_customers_are_counted(owner: Phone) -> None:
    limits = {one["limit"]: one for one in owner.get("/billing").json["limits"]}
    assert limits["customers"] == {"limit": "customers", "used": 0, "most": None}


def test_a_trial_and_the_plans(owner: Phone) -> None:
    told = owner.get("/billing").json
    assert (told["plan"], told["plan_name"], told["state"], told["price"]) == ("business", "Business", "trialing", None)
    assert told["seats_needed"] == 7
    limits = {one["limit"]: one for one in told["limits"]}
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
    assert owner.put("/billing/plan", json={"plan": "business"}, headers=seen(owner)).json["plan"] == "business"
    why = {"to": "closed", "reason": "unused", "words": "Bye"}
    ended = owner.put("/billing/cancellation", json=why, headers=seen(owner))
    assert ended.json["ending"] == "closed"
    assert ended.headers["ETag"] == owner.get("/billing").headers["ETag"]
    assert owner.delete("/billing/cancellation", headers={"If-Match": ended.headers["ETag"]}).status_code == 204
    assert owner.get("/billing").json["ending"] is None
    assert owner.post("/billing/portal").json["url"].startswith(stripe.url)


CHANGES = {
    "plan": lambda phone, **more: phone.put("/billing/plan", json={"plan": "business"}, **more),
    "cancel": lambda phone, **more: phone.put("/billing/cancellation", json={"to": "free", "reason": "unused"}, **more),
    "stay": lambda phone, **more: phone.delete("/billing/cancellation", **more),
}


@pytest.mark.parametrize("change", CHANGES)
def test_who_changes_it_says_what_they_saw(
    owner: Phone, client_for: ClientFor, sold: Flask, stripe: Double, cast: Cast, change: str
) -> None:
    subscribe(client_for("owner", sold), stripe)
    if change == "stay":
        CHANGES["cancel"](owner, headers=ANY)
    before, told = owner.get("/billing"), len(stripe.requests)
    problem(CHANGES[change](owner), 428, "precondition-required")
    for stale in ('"v0"', 'W/"v1"', "nonsense", '"v999.abc"'):
        lost = CHANGES[change](owner, headers={"If-Match": stale})
        assert problem(lost, 412, "precondition-failed")["current"] == before.json
        assert lost.headers["ETag"] == before.headers["ETag"]
    assert owner.get("/billing").headers["ETag"] == before.headers["ETag"]
    assert len(stripe.requests) == told, "Stripe was told of none of them"
    assert CHANGES[change](owner, headers={"If-Match": before.headers["ETag"]}).status_code < 300
    assert owner.get("/billing").json["version"] > before.json["version"]


@pytest.mark.parametrize("plan", ["business", "team"], ids=["paid at once", "from the period's end"])
def test_of_two_who_change_the_plan_at_once_the_second_is_told(
    owner: Phone, client_for: ClientFor, sold: Flask, stripe: Double, cast: Cast, api_for: Api, plan: str
) -> None:
    subscribe(client_for("owner", sold), stripe, "team" if plan == "business" else "business", "month")
    tag, begun = seen(owner), Barrier(2)
    invoices = len(stripe.request("GET", "/v1/invoices", {})["data"])

    def ask(_turn: int) -> TestResponse:
        begun.wait(10)
        return api_for("owner", of=sold).put("/billing/plan", json={"plan": plan}, headers=tag)

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(ask, range(2)), key=lambda answer: answer.status_code)
    assert [answer.status_code for answer in answers] == [200, 412], [answer.text for answer in answers]
    assert problem(answers[1], 412, "precondition-failed")["current"]["version"] > 1
    held = state_of(sold, cast.tenants["acme"].id)
    assert plan in ((held.plan,) if plan == "business" else (held.next_plan,))
    charged = len(stripe.request("GET", "/v1/invoices", {})["data"]) - invoices
    assert charged == (1 if plan == "business" else 0)


@pytest.mark.newest
def test_what_is_used_is_nobodys_change_but_another_answer(owner: Phone, client_for: ClientFor, sold: Flask,
                                                           stripe: Double) -> None:  # fmt: skip
    subscribe(client_for("owner", sold), stripe)
    before = owner.get("/billing")
    assert owner.get("/billing", headers={"If-None-Match": before.headers["ETag"]}).status_code == 304
    assert owner.post("/companies", json={"name": "Ada Ltd"}).status_code == 201
    after = owner.get("/billing", headers={"If-None-Match": before.headers["ETag"]})
    assert (after.status_code, after.json["version"]) == (200, before.json["version"])
    done = owner.put("/billing/plan", json={"plan": "business"}, headers={"If-Match": before.headers["ETag"]})
    assert done.status_code == 200


def test_what_is_told_is_what_the_models_say(owner: Phone, client_for: ClientFor, sold: Flask, stripe: Double) -> None:
    trial = owner.get("/billing").json
    subscribe(client_for("owner", sold), stripe)
    told = [(BillingRead, one) for one in (trial, owner.get("/billing").json)]
    told += [(PlanRead, one) for one in owner.get("/billing/plans").json["items"]]
    told += [(InvoiceRead, one) for one in owner.get("/billing/invoices").json["items"]]
    told += [
        (CostRead, owner.post("/billing/previews", json=wish).json) for wish in ({"plan": "business"}, {"seats": 9})
    ]
    assert {model for model, _ in told} == {BillingRead, PlanRead, InvoiceRead, CostRead}
    for model, one in told:
        assert model.model_validate(one).model_dump(mode="json") == one
        assert list(one) == list(model.model_fields)


def test_the_log_says_that_it_came_by_the_api(
    owner: Phone, client_for: ClientFor, sold: Flask, stripe: Double, cast: Cast, installation: Installation
) -> None:
    subscribe(client_for("owner", sold), stripe)
    owner.put("/billing/plan", json={"plan": "business"}, headers=ANY)
    owner.put("/billing/cancellation", json={"to": "free", "reason": "unused"}, headers=ANY)
    client_for("owner", sold).post("/acme/settings/billing/withdrawal")
    with installation.place.owner() as connection:
        schema, me = cast.tenants["acme"].schema_name, cast["owner"].member_id
        lines = connection.execute(
            f"SELECT through, member_id FROM {schema}.audit_log WHERE action = 'subscription' AND member_id IS NOT NULL"
            " ORDER BY at, id"
        ).fetchall()
    assert lines == [("api", me), ("api", me), ("web", me)]


@pytest.mark.newest
def test_each_plan_says_what_is_more_than_it_allows_and_who_would_only_read(owner: Phone) -> None:
    plans = owner.get("/billing/plans").json["items"]
    assert [one["over"] for one in plans] == [[{"limit": "members", "used": 7, "most": 3}], [], []]
    assert [len(one["without_seat"]) for one in plans] == [4, 0, 0]


def test_what_is_wrong_is_told_by_its_place(owner: Phone) -> None:
    assert places(owner.post("/billing/checkout", json={"plan": "free"})) == {"#/plan"}
    assert places(owner.post("/billing/checkout", json={"plan": "team", "currency": "XXX"})) == {"#/currency"}
    assert places(owner.post("/billing/checkout", json={"plan": "team", "interval": "week"})) == {"#/interval"}
    assert places(owner.put("/billing/cancellation", json={"to": "free"}, headers=ANY)) == {"#/reason"}
    problem(owner.put("/billing/plan", json={"plan": "team"}, headers=ANY), 409, "payment-not-possible")


def test_a_declined_card_and_a_silent_service(
    owner: Phone, client_for: ClientFor, sold: Flask, stripe: Double, cast: Cast
) -> None:
    subscribe(client_for("owner", sold), stripe)
    stripe.cards(state_of(sold, cast.tenants["acme"].id).customer_id, "declined")
    problem(owner.put("/billing/plan", json={"plan": "business"}, headers=seen(owner)), 402, "payment-declined")
    assert owner.get("/billing").json["plan"] == "team"
    stripe.trouble("server_error", times=20)
    problem(owner.get("/billing/invoices"), 503, "payment-service-unavailable")


def test_a_bank_that_asks_is_answered_in_a_browser(
    owner: Phone, api_for: Api, client_for: ClientFor, sold: Flask, stripe: Double, cast: Cast
) -> None:
    subscribe(client_for("owner", sold), stripe)
    stripe.cards(state_of(sold, cast.tenants["acme"].id).customer_id, "3ds_always")
    problem(owner.get("/billing/confirmation"), 404, "not-found")
    first = owner.put("/billing/plan", json={"plan": "business"}, headers=ANY)
    asked = problem(first, 402, "payment-confirmation-needed")
    waits = owner.get("/billing/confirmation").json
    assert asked["confirm"] == {"url": waits["url"], "until": waits["until"]}
    assert (waits["plan"], waits["plan_name"], waits["interval"], waits["seats"]) == (
        "business",
        "Business",
        "month",
        7,
    )
    assert float(waits["now"]["amount"]) > 0
    problem(api_for("admin", of=sold).get("/billing/confirmation"), 403, "forbidden")
    assert owner.get("/billing").json["plan"] == "team"
    assert owner.delete("/billing/confirmation").status_code == 204
    problem(owner.delete("/billing/confirmation"), 409, "payment-not-possible")
    again = owner.put("/billing/plan", json={"plan": "business"}, headers=ANY)
    asked = problem(again, 402, "payment-confirmation-needed")
    stripe.acts.pay_invoice(asked["confirm"]["url"].rpartition("/")[2], "3ds_always")
    problem(owner.get("/billing/confirmation"), 404, "not-found")
    assert owner.get("/billing").json["plan"] == "business"


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
    assert told == {"paid": 7, "needed": 8, "pending": 0}
    problem(admin.post("/invitations", json=body | {"confirm_seats": 8}), 403, "forbidden")
    problem(owner.post("/invitations", json=body | {"confirm_seats": 9}), 409, "seat-needed")
    assert mailbox.arrived("ada@x.example") == []
    assert owner.post("/invitations", json=body | {"confirm_seats": 8}).status_code == 201
    assert mailbox.arrived("ada@x.example")
    assert state_of(sold, cast.tenants["acme"].id).seats_wanted == 8
    again = problem(owner.post("/invitations", json=body | {"email": "ben@x.example"}), 409, "seat-needed")["seats"]
    assert (again["paid"], again["needed"], again["pending"]) == (8, 9, 1)
    one, other = (float(said["cost"]["accrued"]["amount"]) for said in (asked, again))
    assert abs(one - other) < 0.05, "of this one alone"


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
