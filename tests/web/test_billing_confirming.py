"""A change of plan whose bank asks first, by the pages: led to the bank, seen, taken back, and held once confirmed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from billing.held import Held
from tests.stripe import Double
from tests.support.cast import Cast
from tests.support.clients import Browser
from tests.support.selling import PAGE, session_of, state_of, subscribe
from tests.web.pages import flashed

ClientFor = Callable[..., Browser]
PART = {"HX-Request": "true", "HX-Target": "div#waiting"}
CONFIRM = f"{PAGE}/confirmation"


@pytest.fixture
def owner(client_for: ClientFor, sold: Flask, stripe: Double, cast: Cast) -> Browser:
    """The owner's browser, on Team, with a card whose bank asks each time."""
    browser = client_for("owner", sold)
    subscribe(browser, stripe)
    stripe.cards(state_of(sold, cast.tenants["acme"].id).customer_id or "", "3ds_always")
    return browser


def state(sold: Flask, cast: Cast) -> Held:
    return state_of(sold, cast.tenants["acme"].id)


def ask(owner: Browser) -> str:
    """Change to Business; returns where that leads."""
    answer = owner.post(f"{PAGE}/change", data={"plan": "business", "interval": "month"})
    assert answer.status_code == 303
    return str(answer.location)


def test_one_is_led_to_the_bank_and_nothing_is_changed(owner: Browser, stripe: Double, sold: Flask, cast: Cast) -> None:
    led = ask(owner)
    assert led.startswith(f"{stripe.url}/i/")
    assert state(sold, cast).plan == "team"
    assert f'hx-get="{CONFIRM}"' in owner.get(PAGE).text
    for shown in (owner.get(CONFIRM, headers=PART).text, owner.get(CONFIRM).text):
        assert "Waiting for your bank" in shown
        assert "the change to Business" in shown, shown
        assert "€" in shown
        assert f'href="{led}"' in shown
    assert "<html" not in owner.get(CONFIRM, headers=PART).text
    assert stripe.url in owner.get(PAGE).headers["Content-Security-Policy"]


def test_confirmed_there_it_holds_here(owner: Browser, stripe: Double, sold: Flask, cast: Cast) -> None:
    stripe.acts.pay_invoice(session_of(ask(owner)), "3ds_always")
    part = owner.get(CONFIRM, headers=PART).text
    assert "Your plan is changed." in part
    assert f'href="{PAGE}"' in part
    assert "Waiting" not in part
    assert state(sold, cast).plan == "business"
    page = owner.get(PAGE).text
    assert "Business" in page
    assert owner.get(CONFIRM, headers=PART).text.strip() == ""
    assert "Nothing waits to be confirmed" in owner.get(CONFIRM).text


def test_taken_back_it_is_as_before(owner: Browser, stripe: Double, sold: Flask, cast: Cast) -> None:
    led = ask(owner)
    answer = owner.post(f"{CONFIRM}/withdrawal")
    assert answer.location == PAGE
    assert "Taken back" in flashed(owner.get(PAGE))
    assert stripe.request("GET", f"/v1/invoices/{session_of(led)}")["status"] == "void"
    assert "Waiting" not in owner.get(CONFIRM, headers=PART).text
    again = owner.post(f"{CONFIRM}/withdrawal")
    assert "nothing to do" in flashed(owner.get(again.location))
    assert state(sold, cast).plan == "team"


def test_others_see_and_do_nothing_of_it(owner: Browser, client_for: ClientFor, sold: Flask) -> None:
    ask(owner)
    for who in ("admin", "rep", "viewer"):
        browser = client_for(who, sold)
        assert browser.get(CONFIRM, headers=PART).status_code == 403
        assert browser.post(f"{CONFIRM}/withdrawal").status_code == 403


def test_a_silent_service_leaves_the_page_as_it_is(owner: Browser, stripe: Double) -> None:
    stripe.trouble("connection", times=20)
    assert owner.get(PAGE).status_code == 200
    part = owner.get(CONFIRM, headers=PART)
    assert (part.status_code, part.text.strip()) == (200, ""), "the invoices say that it does not answer"
    assert "does not answer" in owner.get(CONFIRM).text
