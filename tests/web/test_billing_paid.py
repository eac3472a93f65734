"""Paying, changing, adding seats, cancelling and coming back, by the pages, with a double of the payment service."""

from __future__ import annotations

import re
from collections.abc import Callable

from flask import Flask

from billing.held import Held
from billing.invoices import SHOWN
from tests.stripe import Double
from tests.support.cast import Cast
from tests.support.clients import Browser
from tests.support.selling import PAGE, look, session_of, state_of, subscribe
from tests.web.pages import flashed, heading

ClientFor = Callable[..., Browser]


def state(sold: Flask, cast: Cast) -> Held:
    return state_of(sold, cast.tenants["acme"].id)


def test_from_trial_to_a_plan_and_its_first_invoice(owner: Browser, stripe: Double, sold: Flask, cast: Cast) -> None:
    assert subscribe(owner, stripe) == PAGE
    page = owner.get(PAGE)
    assert "Your plan is active" in flashed(page)
    assert "7 paid, 7 in use" in page.text
    assert "€84 a month, without tax" in page.text
    invoices = owner.get(f"{PAGE}/invoices", headers=PART).text
    assert "€84" in invoices
    assert "<html" not in invoices
    assert re.search(r'href="[^"]*/pdf"', invoices)
    assert "Next: €84 on " in owner.get(f"{PAGE}/invoices").text
    assert state(sold, cast).plan == "team"


def test_who_leaves_checkout_has_nothing_and_loses_nothing(owner: Browser, stripe: Double) -> None:
    led = owner.post(f"{PAGE}/checkout", data={"plan": "team", "interval": "year"})
    assert owner.get(f"{PAGE}/returned?session_id={session_of(led.location)}").location == PAGE
    page = owner.get(PAGE)
    assert "is being confirmed" in flashed(page)
    assert "days of the trial are left" in page.text
    again = owner.post(f"{PAGE}/checkout", data={"plan": "team", "interval": "year"})
    assert again.location.startswith(stripe.url)
    assert len(stripe.request("GET", "/v1/customers", {})["data"]) == 1, "one customer a workspace"


def test_a_larger_plan_is_foreseen_and_paid_at_once(owner: Browser, stripe: Double, sold: Flask, cast: Cast) -> None:
    subscribe(owner, stripe)
    page = owner.get(f"{PAGE}/change?plan=business&interval=month")
    assert heading(page) == "Change to Business"
    today = re.search(r"Change and pay ([^<]+)", page.text)
    assert today is not None
    assert "€203 a month" in page.text
    done = owner.post(f"{PAGE}/change", data={"plan": "business", "interval": "month"})
    assert done.location == PAGE
    assert "Business" in owner.get(PAGE).text
    assert today[1].strip() in owner.get(f"{PAGE}/invoices").text, "what was foreseen is what was charged"
    assert state(sold, cast).plan == "business"


def test_a_smaller_plan_waits_and_tells_what_goes(owner: Browser, stripe: Double, sold: Flask, cast: Cast) -> None:
    subscribe(owner, stripe, "business")
    page = owner.get(f"{PAGE}/change?plan=team&interval=month").text
    for lost in ("Single sign-on", "Own domain", "Closed units"):
        assert lost in page
    assert "nothing" in page
    owner.post(f"{PAGE}/change", data={"plan": "team", "interval": "month"})
    assert (state(sold, cast).plan, state(sold, cast).next_plan) == ("business", "team")
    assert "Team" in owner.get(PAGE).text
    owner.post(f"{PAGE}/change", data={"plan": "business", "interval": "month"})
    assert state(sold, cast).next_plan == "", "choosing what is paid takes it back"


def test_a_declined_card_changes_nothing(owner: Browser, stripe: Double, sold: Flask, cast: Cast) -> None:
    subscribe(owner, stripe)
    stripe.cards(state(sold, cast).customer_id, "declined")
    answer = owner.post(f"{PAGE}/change", data={"plan": "business", "interval": "year"})
    assert "was declined" in flashed(owner.get(answer.location))
    assert (state(sold, cast).plan, state(sold, cast).interval) == ("team", "month")


def test_cancelling_and_staying_after_all(owner: Browser, stripe: Double, sold: Flask, cast: Cast) -> None:
    subscribe(owner, stripe)
    owner.post(f"{PAGE}/cancellation", data={"reason": "unused", "words": "Not now."})
    found = state(sold, cast)
    assert (found.cancel_at_period_end, found.cancel_to, found.cancel_reason) == (True, "free", "unused")
    assert "you go on with the free plan" in owner.get(PAGE).text
    assert "From " in owner.get("/acme/").text
    owner.post(f"{PAGE}/withdrawal")
    assert not state(sold, cast).cancel_at_period_end
    owner.post(f"{PAGE}/closing", data={"reason": "other"})
    assert state(sold, cast).cancel_to == "closed"


PART = {"HX-Request": "true", "HX-Target": "div#invoices"}


def test_the_portal_and_paying_what_is_owed(owner: Browser, stripe: Double, sold: Flask, cast: Cast) -> None:
    subscribe(owner, stripe)
    assert owner.post(f"{PAGE}/portal").location.startswith(f"{stripe.url}/p/session/")
    stripe.cards(state(sold, cast).customer_id, "declined")
    stripe.advance(days=32)
    look(sold, cast.tenants["acme"].id)
    assert state(sold, cast).state == "past_due"
    assert "The last payment did not come through" in owner.get("/acme/").text
    asked = len(stripe.requests)
    assert 'id="due-now"' in owner.get(PAGE).text
    assert len(stripe.requests) == asked, "the page itself asks nothing of Stripe"
    part = owner.get(f"{PAGE}/invoices", headers=PART).text
    assert re.search(r'hx-target="#due-now".*Due now.*€84, with tax', part, re.S)
    assert "Pay €84 now" in part
    assert "hx-partial" not in owner.get(f"{PAGE}/invoices").text
    owed = owner.post(f"{PAGE}/payment").location
    assert owed.startswith(f"{stripe.url}/i/")
    stripe.acts.pay_invoice(owed.rpartition("/")[2], "works")
    look(sold, cast.tenants["acme"].id)
    assert state(sold, cast).state == "active"
    assert "#due-now" not in owner.get(f"{PAGE}/invoices", headers=PART).text


def test_every_invoice_can_be_seen(owner: Browser, stripe: Double, sold: Flask, cast: Cast) -> None:
    subscribe(owner, stripe)
    stripe.advance(days=31 * 30)
    newest = owner.get(f"{PAGE}/invoices", headers=PART).text
    assert newest.count("invoice-line") == SHOWN
    [older] = re.findall(r'href="([^"]*/invoices\?after=[^"]+)"', newest)
    rest = owner.get(older).text
    numbers = [re.findall(r"Invoice ([\w-]+) as PDF", page) for page in (newest, rest)]
    of_ours = {"customer": state(sold, cast).customer_id, "limit": 100}
    everything = stripe.request("GET", "/v1/invoices", of_ours)["data"]
    assert numbers[0] + numbers[1] == [one["number"] for one in everything if one["status"] != "draft"]
    assert "Next: " not in rest
    assert "Older invoices" not in rest
    begun_anew = owner.get(f"{PAGE}/invoices?after=in_of_nobody")
    assert (begun_anew.status_code, begun_anew.location) == (302, f"{PAGE}/invoices")
