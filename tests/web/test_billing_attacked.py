"""Billing's pages, API and webhook: sent twice, at once, late, too large, and with somebody else's ids."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from pydantic import SecretStr
from sqlalchemy import func, select

from billing.models import StripeEvent
from saas_crm.core.clock import now
from tenants.db import SHARED, db
from tests.billing.company import SECRET
from tests.stripe import Double
from tests.stripe.errors import Refused
from tests.stripe.webhooks import Post, signature
from tests.support.cast import Cast
from tests.support.clients import Browser, Phone, browser_of, phone_of
from tests.support.installation import Installation
from tests.support.mailbox import run_jobs
from tests.support.paying import put
from tests.support.selling import PAGE, selling_at, session_of, state_of, subscribe

ClientFor = Callable[..., Browser]
HOOK = "/billing/stripe/webhook"
LARGE = 10_000_000


@pytest.fixture
def stripe() -> Iterator[Double]:
    """A double whose time is ours."""
    with Double(now=now()) as double:
        double.webhooks.endpoint(f"http://crm.example{HOOK}", SECRET)
        yield double
        assert double.violations == []


@pytest.fixture
def sold(app_with: Callable[..., Flask], stripe: Double, installation: Installation, cast: Cast) -> Flask:
    """An application that takes money there, with acme and the other one on trial."""

    def with_secret(**changes: Any) -> Flask:
        return app_with(stripe_webhook_secret=SecretStr(SECRET), **changes)

    made = selling_at(stripe, with_secret, installation.place, cast.tenants["acme"].id)
    put(made, installation.place, cast.tenants["other"].id, plan="business", state="trialing")
    return made


@pytest.fixture
def owner(client_for: ClientFor, sold: Flask) -> Browser:
    """The owner's browser."""
    return client_for("owner", sold)


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Do all of them in the same moment."""
    ready = Barrier(len(acts))

    def do(act: Callable[[], Any]) -> Any:
        ready.wait(30)
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(do, acts))


def living(stripe: Double) -> list[dict[str, Any]]:
    """Return the subscriptions at Stripe that go on, whoever's they are."""
    return list(stripe.request("GET", "/v1/subscriptions", {"limit": 100})["data"])


def paid(stripe: Double) -> int:
    """Return what was paid at Stripe, in all."""
    return sum(one["amount_paid"] for one in stripe.request("GET", "/v1/invoices", {"limit": 100})["data"])


def send(sold: Flask, post: Post) -> int:
    return int(browser_of(sold, None).post(HOOK, data=post.body, headers=post.headers, csrf=False).status_code)


def kept(sold: Flask) -> int:
    """Return how many events are kept."""
    with sold.app_context(), db.engines[SHARED].connect() as connection:
        return int(connection.scalar(select(func.count()).select_from(StripeEvent)) or 0)


def signed(stripe: Double, told: dict[str, Any] | bytes) -> Post:
    """Sign something as Stripe would."""
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    header = f"t={stripe.now},v1={signature(SECRET, stripe.now, body)}"
    return Post("", "", HOOK, SECRET, 0, 0, body=body, headers={"Stripe-Signature": header})


def work(sold: Flask, installation: Installation) -> None:
    run_jobs(Installation(installation.place, installation.folder, sold.extensions["settings"], sold))


def test_two_who_subscribe_at_once_have_one_customer_and_one_page(
    client_for: ClientFor, sold: Flask, stripe: Double, cast: Cast
) -> None:
    browsers = [client_for("owner", sold) for _ in range(2)]
    form = {"plan": "team", "interval": "month", "currency": "EUR"}
    answers = at_once(*(lambda one=one: one.post(f"{PAGE}/checkout", data=form) for one in browsers))
    assert [answer.status_code for answer in answers] == [303, 303]
    assert len(stripe.request("GET", "/v1/customers", {})["data"]) == 1
    assert len(stripe.request("GET", "/v1/checkout/sessions", {"status": "open"})["data"]) == 1
    payable = 0
    for answer in answers:
        try:
            stripe.acts.pay(session_of(answer.location))
            payable += 1
        except Refused:
            continue
    assert payable == 1, "the other page has ended"
    assert len(living(stripe)) == 1


def test_a_larger_plan_asked_for_twice_at_once_is_paid_once(
    owner: Browser, api_for: Callable[..., Phone], client_for: ClientFor, sold: Flask, stripe: Double, cast: Cast
) -> None:
    subscribe(owner, stripe)
    before = paid(stripe)
    preview = api_for("owner", of=sold).post("/billing/previews", json={"plan": "business"}).json["now"]["amount"]
    others = [client_for("owner", sold) for _ in range(2)]
    form = {"plan": "business", "interval": "month"}
    at_once(*(lambda one=one: one.post(f"{PAGE}/change", data=form) for one in others))
    owner.post(f"{PAGE}/change", data=form)
    assert state_of(sold, cast.tenants["acme"].id).plan == "business"
    assert paid(stripe) - before == int(preview.replace(".", ""))
    assert len(living(stripe)) == 1


def test_cancelling_and_staying_at_once_end_as_stripe_has_it(
    owner: Browser, client_for: ClientFor, sold: Flask, stripe: Double, cast: Cast
) -> None:
    subscribe(owner, stripe)
    other = client_for("owner", sold)
    owner.post(f"{PAGE}/cancellation", data={"reason": "unused"})
    at_once(lambda: owner.post(f"{PAGE}/cancellation", data={"reason": "other"}),
            lambda: other.post(f"{PAGE}/withdrawal"))  # fmt: skip
    [one] = living(stripe)
    assert state_of(sold, cast.tenants["acme"].id).cancel_at_period_end == one["cancel_at_period_end"]


def test_a_program_that_sends_again_gets_the_same_page(
    api_for: Callable[..., Phone], sold: Flask, stripe: Double
) -> None:
    phone, key = api_for("owner", of=sold), {"Idempotency-Key": "one-and-the-same-key"}
    first, again = (phone.post("/billing/checkout", json={"plan": "team"}, headers=key) for _ in range(2))
    assert (first.status_code, first.json) == (again.status_code, again.json)
    assert len(stripe.request("GET", "/v1/checkout/sessions", {})["data"]) == 1


def test_coming_back_with_somebody_elses_session_changes_nothing(
    owner: Browser, client_for: ClientFor, sold: Flask, stripe: Double, cast: Cast
) -> None:
    outsider = client_for("outsider", sold)
    led = outsider.post("/other/settings/billing/checkout", data={"plan": "team", "interval": "month"})
    theirs = stripe.acts.pay(session_of(led.location))["id"]
    stripe.requests.clear()
    owner.get(f"{PAGE}/returned?session_id={theirs}")
    assert state_of(sold, cast.tenants["acme"].id).state == "trialing"
    assert state_of(sold, cast.tenants["other"].id).state == "trialing", "it is not looked at for them either"
    assert [asked for asked in stripe.requests if theirs in asked.path] == []
    assert client_for("rep", sold).get(f"{PAGE}/returned?session_id={theirs}").status_code == 403
    assert outsider.get(f"{PAGE}/returned?session_id={theirs}").status_code == 404
    outsider.get(f"/other/settings/billing/returned?session_id={theirs}")
    assert state_of(sold, cast.tenants["other"].id).state == "active"


def test_coming_back_from_the_portal_asks_nothing(owner: Browser, stripe: Double, sold: Flask) -> None:
    subscribe(owner, stripe)
    stripe.requests.clear()
    assert owner.get(f"{PAGE}?session_id=bps_of_somebody").status_code == 200
    assert stripe.requests == []


def test_an_event_that_names_another_workspace_changes_that_one_in_nothing(
    owner: Browser, sold: Flask, stripe: Double, cast: Cast, installation: Installation
) -> None:
    """It is about acme's customer, whatever its metadata say; and of a customer nobody knows Stripe tells nothing."""
    subscribe(owner, stripe)
    for post in stripe.webhooks.take():
        stripe.webhooks.answered(post, 200)
    stripe.acts.cancel(living(stripe)[0]["id"], at_period_end=True)
    [post, *_] = [one for one in stripe.webhooks.take() if one.type == "customer.subscription.updated"]
    told = json.loads(post.body)
    told["data"]["object"]["metadata"]["tenant_id"] = str(cast.tenants["other"].id)
    assert send(sold, signed(stripe, told)) == 200
    work(sold, installation)
    other = state_of(sold, cast.tenants["other"].id)
    assert (other.state, other.customer_id, other.subscription_id) == ("trialing", None, None)
    assert state_of(sold, cast.tenants["acme"].id).cancel_at_period_end


def test_an_event_of_before_that_comes_late_changes_nothing(
    owner: Browser, sold: Flask, stripe: Double, cast: Cast, installation: Installation
) -> None:
    subscribe(owner, stripe)
    early = stripe.webhooks.take()
    stripe.acts.cancel(living(stripe)[0]["id"], at_period_end=False)
    for post in (*stripe.webhooks.take(), *reversed(early)):
        assert send(sold, post) == 200
        work(sold, installation)
    assert (state_of(sold, cast.tenants["acme"].id).state, living(stripe)) == ("free", [])


@pytest.mark.parametrize("kind", ["webhook", "unsigned", "page", "api"])
def test_ten_megabytes_are_refused_unread(
    owner: Browser, api_for: Callable[..., Phone], sold: Flask, stripe: Double, cast: Cast, kind: str
) -> None:
    stripe.requests.clear()
    if kind == "page":
        status = owner.post(f"{PAGE}/cancellation", data={"reason": "other", "words": "x" * LARGE}).status_code
    elif kind == "api":
        phone = phone_of(sold, cast["owner"])
        status = phone.post("/billing/checkout", json={"plan": "x" * LARGE}).status_code
    else:
        post = signed(stripe, b" " * LARGE)
        status = send(sold, post if kind == "webhook" else Post("", "", HOOK, "", 0, 0, body=post.body))
    assert status == 413
    assert kept(sold) == 0
    assert stripe.requests == []
