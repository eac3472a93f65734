"""A bank that asks before a larger plan is paid (3-D Secure), clicked through on a phone: asked, left, confirmed."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from pydantic import SecretStr

from tests.browser.eyes import Eyes
from tests.stripe import KEY, Double
from tests.support.billing import selling
from tests.support.cast import Cast
from tests.support.installation import Installation
from tests.support.paying import put
from tests.support.selling import offer
from tests.support.server import free_port
from tests.support.server import live_server as run_server

pytestmark = pytest.mark.timeout(600)
BILLING = "/acme/settings/billing"


@pytest.fixture
def double() -> Iterator[Double]:
    """A double of Stripe whose time begins now."""
    with Double(now=int(time.time())) as made:
        yield made
        assert made.violations == []


@pytest.fixture
def url(app: Flask, installation: Installation, cast: Cast, double: Double, tmp_path: Path) -> Iterator[str]:
    """A server that takes money at the double, with acme on trial."""
    port = free_port()
    here = f"http://127.0.0.1:{port}"
    told = {"base_url": here, "stripe_secret_key": SecretStr(KEY), "stripe_api_base": double.url}
    with ExitStack() as stack:
        stack.enter_context(selling(app, **told))
        offer(app)
        put(app, installation.place, cast.tenants["acme"].id, plan="business", state="trialing")
        yield stack.enter_context(run_server(installation.settings.model_copy(update=told), tmp_path, port=port)).url


def choose_with_a_bank_that_asks(page: Page, double: Double) -> None:
    page.goto(f"{BILLING}/plans")
    page.get_by_role("button", name="Choose Team").click()
    page.wait_for_url(f"{double.url}/**")
    page.check('input[value="3ds_always"]')
    page.click("#pay")
    page.click("#bank-yes")
    page.wait_for_url(f"**{BILLING}")


def want_more(page: Page, double: Double) -> None:
    page.goto(f"{BILLING}/plans")
    page.locator(".plan", has_text="Business").get_by_role("link", name="See what changes").click()
    page.get_by_role("button", name=re.compile("Change and pay")).click()
    page.wait_for_url(f"{double.url}/i/**")


def test_the_bank_asks_and_is_answered(page_for: Callable[..., Page], double: Double, url: str) -> None:
    page = page_for("owner", width="phone", at=url, reduced_motion="reduce")
    main, waiting = page.locator("main"), page.locator("#waiting")
    choose_with_a_bank_that_asks(page, double)

    want_more(page, double)
    page.goto(BILLING)  # nothing was answered
    expect(waiting).to_contain_text("Waiting for your bank’s confirmation: the change to Business")
    expect(main).to_contain_text("Team")
    eyes = Eyes(page, "phone")
    eyes.look(f"{BILLING}/confirmation")
    assert eyes.found == []

    page.get_by_role("button", name="Take the change back").click()
    expect(page.locator("#toasts")).to_contain_text("Taken back.")
    expect(waiting).to_be_empty()

    want_more(page, double)
    page.check('input[value="3ds_always"]')
    page.click("#pay")
    page.click("#bank-no")
    expect(page.get_by_role("alert")).to_contain_text("unable to authenticate")
    page.goto(BILLING)
    page.get_by_role("link", name="Confirm with the bank").click()
    page.check('input[value="3ds_always"]')
    page.click("#pay")
    page.click("#bank-yes")
    expect(page.locator("#status")).to_have_text("paid")

    page.goto(BILLING)  # before Stripe has told of it
    waiting.get_by_role("link", name="See billing").click()
    expect(page.locator(".plan-now-name")).to_have_text("Business")
    expect(waiting).to_be_empty()
