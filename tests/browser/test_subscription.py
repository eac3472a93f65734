"""The whole life of a subscription on a phone, as one clicks through it; time is moved by the clock that all are given.

Sign up, try, subscribe, invite, pay by the year, a card that is declined, grace, read-only, pay, go on, cancel, return.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from pydantic import SecretStr

from billing.turning import turn
from saas_crm.core import clock
from tests.stripe import KEY, Double
from tests.support.billing import selling
from tests.support.installation import Installation
from tests.support.mailbox import Mailbox, run_jobs
from tests.support.selling import offer
from tests.support.server import free_port
from tests.support.server import live_server as run_server

pytestmark = pytest.mark.timeout(600)
PASSWORD = "blue-harbour-seven"
SLUG, ADA = "hanse-kaffee", "ada@hanse-kaffee.example"
BILLING = f"/{SLUG}/settings/billing"
SECRET = "whsec_double"


class Life:
    """What goes on around the browser: the clock, Stripe's messages and our worker."""

    def __init__(self, installation: Installation, double: Double, file: Path) -> None:
        self._installation, self._double, self._file, self._ahead = installation, double, file, 0.0

    def go_on(self) -> None:
        """Let Stripe tell what it has to, and the worker do what is due."""
        self._double.advance_to(int(time.time() + self._ahead))
        for _round in range(3):
            assert set(self._double.webhooks.deliver()) <= {200}
            run_jobs(self._installation)

    def begin_sessions(self, ahead: float) -> None:
        """Let sessions begin at that time, too: the database says when they do, and its clock is not moved."""
        begun = f"now() + interval '{ahead} seconds'" if ahead else "now()"
        with self._installation.place.owner() as connection:
            connection.execute(f"ALTER TABLE public.sessions ALTER created_at SET DEFAULT {begun}")

    def pass_by(self, **span: float) -> None:
        """Let time pass, for everybody; the hourly job is run when it has."""
        self._ahead += timedelta(**span).total_seconds()
        self._file.write_text(str(self._ahead), encoding="ascii")
        clock.run_ahead(lambda: timedelta(seconds=self._ahead))
        self.begin_sessions(self._ahead)
        self.go_on()
        with self._installation.app.app_context():
            turn(self._installation.app.extensions["settings"])
        self.go_on()


@pytest.fixture
def double() -> Iterator[Double]:
    """A double of Stripe whose time begins now."""
    with Double(now=int(time.time())) as made:
        yield made
        assert made.violations == []


@pytest.fixture
def life(app: Flask, installation: Installation, double: Double, tmp_path: Path) -> Iterator[tuple[Life, str]]:
    """An installation that takes money, and where its server is."""
    file = tmp_path / "clock"
    file.write_text("0", encoding="ascii")
    port = free_port()
    told = {
        "base_url": f"http://127.0.0.1:{port}",
        "stripe_secret_key": SecretStr(KEY), "stripe_api_base": double.url,
        "stripe_webhook_secret": SecretStr(SECRET),
    }  # fmt: skip
    with ExitStack() as stack:
        stack.enter_context(selling(app, **told))
        stack.callback(clock.run_ahead, None)
        settings = installation.settings.model_copy(update={**told, "clock_file": str(file)})
        server = stack.enter_context(run_server(settings, tmp_path, port=port))
        offer(app)
        double.webhooks.endpoint(f"{server.url}/billing/stripe/webhook", SECRET)
        double.account.after_retries = "past_due"  # as docs/operations.md says to set it: we decide when it is over
        around = Life(installation, double, file)
        stack.callback(around.begin_sessions, 0)
        yield around, server.url


def sign_up(page: Page, mailbox: Mailbox) -> None:
    page.goto("/pricing")
    page.get_by_role("link", name="Begin").first.click()
    page.get_by_label("Company").fill("Hanse Kaffee GmbH")
    expect(page.locator("[name=slug]")).to_have_value(SLUG)
    page.get_by_label("Your name").fill("Ada Brandt")
    page.get_by_label("Your e-mail").fill(ADA)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=country]").select_option("DE")
    expect(page.locator("[name=currency]")).to_have_value("EUR")
    page.get_by_role("button", name="Make the workspace").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your workspace is ready")
    page.goto(mailbox.link(ADA, "/verify"))
    page.get_by_role("button", name="Yes, confirm it").click()
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Confirm your e-mail address")


def come_in(page: Page) -> None:
    """Sign in again: the browser was left for weeks."""
    page.context.clear_cookies()
    page.goto(f"/signin?next={BILLING}")
    page.locator("[name=email]").fill(ADA)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("main form button[type=submit]").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Billing")


def subscribe(page: Page, double: Double, plan: str) -> None:
    page.goto(f"{BILLING}/plans")
    page.get_by_role("button", name=f"Choose {plan}").click()
    page.wait_for_url(f"{double.url}/**")
    page.locator("#pay").click()
    page.wait_for_url(f"**{BILLING}")
    expect(page.locator("#toasts")).to_contain_text("Your plan is active.")


def invite(page: Page) -> None:
    page.goto(f"/{SLUG}/settings/members/invite")
    page.locator("[name=addresses]").fill("ben@hanse-kaffee.example")
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Send the invitations").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("1 seat more is needed")
    expect(page.locator("main")).to_contain_text("€24 a month")
    page.get_by_role("button", name="Add 1 seat and invite").click()
    expect(page.locator("#toasts")).to_contain_text("ben@hanse-kaffee.example is invited.")


def pay_yearly(page: Page) -> None:
    page.goto(f"{BILLING}/plans?interval=year")
    page.locator(".plan", has_text="Team").get_by_role("link", name="See what changes").click()
    expect(page.locator("main")).to_contain_text("€240 a year")
    page.get_by_role("button", name=re.compile("Change and pay")).click()
    page.locator("[name=proof_password]").fill(PASSWORD)  # the last time is two hours ago
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("#toasts")).to_contain_text("Your plan is changed.")


def pay_what_is_owed(page: Page, double: Double) -> None:
    page.get_by_role("button", name=re.compile("^Pay .*now$")).click()
    page.wait_for_url(f"{double.url}/i/**")
    page.locator("#pay").click()
    expect(page.locator("#status")).to_have_text("paid")


def cancel(page: Page) -> None:
    page.goto(BILLING)
    page.get_by_role("link", name="Cancel the subscription").click()
    page.get_by_text("We do not use it enough").click()
    page.get_by_role("button", name="Cancel the subscription").click()
    expect(page.locator("main")).to_contain_text("you go on with the free plan")


def test_the_whole_life_of_a_subscription_on_a_phone(
    page_for: Callable[..., Page], life: tuple[Life, str], double: Double, mailbox: Mailbox
) -> None:
    around, url = life
    page = page_for(None, width="phone", at=url)
    main, subjects = page.locator("main"), []

    sign_up(page, mailbox)
    page.goto(BILLING)
    expect(main).to_contain_text("14 days of the trial are left")

    subscribe(page, double, "Team")
    expect(main).to_contain_text("1 paid, 1 in use")
    around.go_on()

    invite(page)
    around.go_on()  # the seats are agreed to now; they are counted an hour after that
    around.pass_by(hours=2)
    page.goto(BILLING)
    expect(main).to_contain_text("2 paid, 2 in use")

    pay_yearly(page)
    around.go_on()
    expect(main).to_contain_text("€120 per seat and year")
    expect(page.locator("#invoices")).to_contain_text("Paid")

    double.cards(double.request("GET", "/v1/customers", {})["data"][0]["id"], "declined")
    around.pass_by(days=366)
    come_in(page)
    expect(main).to_contain_text("The last payment did not come through.")
    page.goto(f"/{SLUG}/companies/new")
    page.locator("[name=name]").fill("In the days of grace")
    page.locator("main form button[type=submit]").last.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("In the days of grace")

    around.pass_by(days=15)
    come_in(page)
    expect(main).to_contain_text("The workspace can only be read, because a payment is due.")
    page.goto(f"/{SLUG}/companies")
    expect(main).to_contain_text("In the days of grace")
    page.get_by_role("link", name="To billing").click()
    pay_what_is_owed(page, double)
    around.go_on()
    page.goto(BILLING)
    expect(main).not_to_contain_text("can only be read")
    expect(main).to_contain_text("Renewed on")

    cancel(page)
    around.go_on()
    page.get_by_role("button", name="Stay after all").click()
    expect(page.locator("#toasts")).to_contain_text("Good to have you.")
    around.go_on()

    cancel(page)
    double.cards(double.request("GET", "/v1/customers", {})["data"][0]["id"], "works")
    around.pass_by(days=366)
    come_in(page)
    page.wait_for_timeout(5_100)  # for so long a process may remember which plan it was
    page.reload()
    expect(main.locator(".plan-now-name")).to_have_text("Free")
    subscribe(page, double, "Business")
    expect(main.locator(".plan-now-name")).to_have_text("Business")
    around.go_on()

    subjects = [str(mail["Subject"]) for mail in mailbox.arrived(ADA)]
    for told in ("is on Team now", "did not come through", "can only be read now", "is cancelled", "stays on",
                 "goes on with the free plan", "is on Business now"):  # fmt: skip
        assert any(told in subject for subject in subjects), (told, subjects)
