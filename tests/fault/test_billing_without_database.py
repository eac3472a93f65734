"""The database goes while Stripe tells something, or while that is worked on: it is told again, nothing is lost."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
import requests
from flask import Flask
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from billing.errors import StripeUnreachable
from saas_crm.app import create_app
from saas_crm.core import clock
from saas_crm.core.clock import now
from tenants.db import db, tenant_scope
from tests.billing.company import SECRET, Company, Shop
from tests.fault.conftest import Doomed
from tests.stripe import KEY, Double
from tests.stripe.webhooks import Post
from tests.support.clients import browser_of
from tests.support.installation import Installation, dispose


@pytest.fixture
def stripe() -> Iterator[Double]:
    """A double whose time is ours."""
    with Double(now=now()) as double:
        yield double
        assert double.violations == []


@pytest.fixture
def place(doomed: Callable[..., Doomed]) -> Doomed:
    """An installation on a server that goes."""
    return doomed()


@pytest.fixture
def company(place: Doomed, stripe: Double) -> Iterator[Company]:
    """A workspace on trial, in an application that takes money."""
    with_key = {"stripe_secret_key": SecretStr(KEY), "stripe_webhook_secret": SecretStr(SECRET),
                "stripe_api_base": stripe.url}  # fmt: skip
    made = create_app(place.app.extensions["settings"].model_copy(update=with_key))
    with made.app_context():
        shop = Shop(made, stripe, Installation(place.place, place.folder, place.app.extensions["settings"], made))
        yield shop.company("doomed")
        clock.run_ahead(None)
    dispose(made)


def come(app: Flask, stripe: Double) -> list[int]:
    """Let Stripe's webhooks that are due come to the page; returns how they were answered."""
    browser, statuses = browser_of(app, None), []
    for post in stripe.webhooks.take():
        statuses.append(_sent(browser, post))
        stripe.webhooks.answered(post, statuses[-1])
    return statuses


def _sent(browser: Any, post: Post) -> int:
    return int(browser.post("/billing/stripe/webhook", data=post.body, headers=post.headers, csrf=False).status_code)


def later(stripe: Double) -> None:
    """Let the hours pass until Stripe tells again what nobody took."""
    stripe.advance(hours=2)
    clock.run_ahead(lambda: timedelta(seconds=stripe.now - time.time()))


def recovered(app: Flask, company: Company) -> None:
    """Let the connections that died be noticed, as the first requests do, outside workspaces and in one."""
    for _ in range(4):
        with suppress(OperationalError), tenant_scope(company.tenant):
            db.session.execute(text("SELECT 1"))
    browser = browser_of(app, None)
    statuses = [browser.get("/readyz").status_code for _ in range(4)]
    assert statuses[-1] in (200, 503), statuses  # no worker runs here: ready or not, the database is asked


def test_a_webhook_that_finds_no_database_comes_again(place: Doomed, company: Company, stripe: Double) -> None:
    app = company.shop.app
    assert set(come(app, stripe)) == {200}, "of products and prices"
    company.shop.jobs()
    before = len(company.shop.events())
    session = company.go_to_checkout()
    stripe.acts.pay(session)
    place.crash()
    statuses = come(app, stripe)
    assert statuses
    assert set(statuses) == {503}
    place.start_again()
    recovered(app, company)
    assert come(app, stripe) == [], "not due before an hour"
    later(stripe)
    again = come(app, stripe)
    assert len(again) == len(statuses)
    assert set(again) == {200}
    company.shop.jobs()
    assert len(company.shop.events()) == before + len(statuses)
    assert all(worked_at and error is None for _id, worked_at, error in company.shop.events())
    assert (company.row.state, company.row.plan) == ("active", "team")


def test_a_database_that_goes_while_stripe_is_asked_has_nothing_half_done(
    place: Doomed, company: Company, stripe: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number was taken, Stripe answers, and nothing can be written: the event stays, and is worked on again."""
    app = company.shop.app
    stripe.acts.pay(company.go_to_checkout())
    assert set(come(app, stripe)) == {200}
    send, gone = requests.Session.send, []

    def sending(self: Any, *args: Any, **options: Any) -> Any:
        answer = send(self, *args, **options)
        if not gone:
            place.crash()
            gone.append(True)
        return answer

    monkeypatch.setattr(requests.Session, "send", sending)
    with pytest.raises(Exception, match=r".") as failed:
        company.settle()
    assert gone
    assert not isinstance(failed.value, StripeUnreachable)
    place.start_again()
    with place.place.owner() as connection:
        assert connection.execute("SELECT state, asked > settled FROM public.subscriptions").fetchall() == [
            ("trialing", True)
        ], "nothing of what was seen was written"
    for _ in range(3):
        with suppress(OperationalError):  # a connection that died is noticed when it is used
            company.shop.events()
    assert company.plan["state"] == "trialing"
    recovered(app, company)
    company.shop.jobs()
    assert (company.row.state, company.plan["key"], company.movements) == ("active", "team", ["converted"])


def test_one_that_was_kept_and_not_answered_is_worked_on_once(place: Doomed, company: Company, stripe: Double) -> None:
    """The web process died after the commit: Stripe tells again, and that changes nothing."""
    app = company.shop.app
    stripe.acts.pay(company.go_to_checkout())
    posts = stripe.webhooks.take()
    browser = browser_of(app, None)
    for post in posts:
        assert _sent(browser, post) == 200
        stripe.webhooks.answered(post, 0)  # nobody heard it
    company.shop.jobs()
    before = company.row
    later(stripe)
    assert sorted(post.event for post in stripe.webhooks.take()) == sorted(post.event for post in posts)
    for post in posts:
        assert _sent(browser, post) == 200
    company.shop.jobs()
    assert company.row == before
    assert company.movements == ["converted"]
    assert len(company.shop.events()) == len(posts)
