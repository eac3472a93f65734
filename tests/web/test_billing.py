"""The page of what a workspace pays for, in each state and for each role; plans and prices."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from pydantic import SecretStr

from saas_crm.core.clock import now
from tests.support.cast import Cast
from tests.support.clients import Browser
from tests.support.installation import Installation
from tests.support.making import Maker
from tests.support.paying import KEY, PAID, put
from tests.web.pages import errors, flashed, heading, words

ClientFor = Callable[..., Browser]
Put = Callable[..., None]
PAGE = "/acme/settings/billing"
NOBODY_THERE = "http://127.0.0.1:9"
"""The discard port: a payment service that does not answer."""
BUSINESS = {"plan": "business", "state": "trialing"}
MONEY = re.compile(r"[€$£¥]\s?\d|\d\s?€")


@pytest.fixture
def sold(app_with: Callable[..., Flask]) -> Flask:
    """An application that takes money, by a service that cannot be reached."""
    return app_with(stripe_secret_key=SecretStr(KEY), stripe_api_base=NOBODY_THERE)


@pytest.fixture
def has(sold: Flask, installation: Installation, cast: Cast) -> Put:
    """Put acme into a state: `has(**PAID)`."""
    return lambda **columns: put(sold, installation.place, cast.tenants["acme"].id, **columns)


def test_where_no_money_is_taken_there_is_nothing_of_it(client_for: ClientFor) -> None:
    browser = client_for("owner")
    for path in (PAGE, f"{PAGE}/plans", f"{PAGE}/invoices", f"{PAGE}/cancellation", "/pricing"):
        assert browser.get(path).status_code == 404, path
    assert browser.post("/billing/stripe/webhook", data=b"{}").status_code == 404
    assert "settings/billing" not in browser.get("/acme/settings").text
    assert "/pricing" not in client_for(None).get("/").text


@pytest.mark.parametrize("who", ["manager", "rep", "viewer"])
def test_who_may_not_see_it_sees_no_amount_anywhere(client_for: ClientFor, sold: Flask, has: Put, who: str) -> None:
    has(**PAID | {"state": "past_due"})
    browser = client_for(who, sold)
    for path in ("", "/plans", "/invoices", "/cancellation", "/change?plan=business"):
        refused = browser.get(PAGE + path)
        assert refused.status_code == 403
        assert not MONEY.search(words(refused))
    for path in ("checkout", "portal", "payment", "change", "cancellation", "closing", "withdrawal"):
        assert browser.post(f"{PAGE}/{path}", data={"plan": "team", "reason": "other"}).status_code == 403
    assert "settings/billing" not in browser.get("/acme/settings").text
    today = browser.get("/acme/")
    assert "needs attention" in today.text
    assert "payment" not in words(today).lower()
    assert not MONEY.search(words(today))


STATES: list[tuple[dict[str, Any], str]] = [
    (BUSINESS, "14 days of the trial are left"),
    ({"plan": "free", "state": "free"}, "For small teams, for as long as you like."),
    (dict(PAID), "9 paid, 7 in use"),
    (PAID | {"state": "past_due"}, "The last payment did not come through."),
    (PAID | {"state": "read_only"}, "The workspace can only be read, because a payment is due."),
    (PAID | {"cancel_at_period_end": True, "cancel_to": "free"}, "you go on with the free plan. Nothing is deleted."),
    (PAID | {"cancel_at_period_end": True, "cancel_to": "closed"}, "the workspace is closed."),
    (PAID | {"state": "cancelled"}, "The subscription has ended."),
    ({**PAID, "source": "manual", "invoice_number": "R-117", "paid_until": now() + timedelta(90)}, "bank transfer"),
]


@pytest.mark.parametrize(("columns", "told"), STATES, ids=[f"{one[0]['state']}-{n}" for n, one in enumerate(STATES)])
def test_each_state_has_its_page(owner: Browser, has: Put, columns: dict[str, Any], told: str) -> None:
    has(**columns)
    page = owner.get(PAGE)
    assert (page.status_code, heading(page)) == (200, "Billing")
    assert told in " ".join(page.text.split())
    for language in ("zh_Hans", "zh_Hant"):
        owner.get(f"/language/{language}")
        there = owner.get(PAGE)
        assert there.status_code == 200
        assert told not in there.text
    assert owner.get(f"{PAGE}/plans").status_code == 200


@pytest.mark.parametrize("state", ["past_due", "read_only"])
def test_who_owes_is_told_where_the_bank_is_answered(owner: Browser, has: Put, state: str) -> None:
    """A renewal whose bank asks (3-D Secure) is owed as one that was declined, and paying is the way to both."""
    has(**PAID | {"state": state})
    page = owner.get(PAGE).text
    assert "If your bank asks for a confirmation, paying leads there." in page
    assert f'action="{PAGE}/payment"' in page


def test_what_an_operator_looks_after_is_not_changed_here(owner: Browser, has: Put) -> None:
    has(**PAID | {"source": "manual"})
    page = owner.get(PAGE)
    assert "billing/portal" not in page.text
    assert "billing/cancellation" not in page.text
    assert "billing/checkout" not in owner.get(f"{PAGE}/plans").text


def test_forms_may_lead_to_the_payment_service_from_these_pages_alone(owner: Browser, has: Put) -> None:
    has(**BUSINESS)
    policy = owner.get(f"{PAGE}/plans").headers["Content-Security-Policy"]
    assert f"form-action 'self' {NOBODY_THERE};" in policy
    assert "script-src 'nonce-" in policy
    assert "frame-src" not in policy
    assert NOBODY_THERE not in owner.get("/acme/settings").headers["Content-Security-Policy"]


def test_no_page_has_a_field_for_a_card(owner: Browser, has: Put) -> None:
    has(**BUSINESS)
    for path in ("", "/plans"):
        page = owner.get(PAGE + path).text
        assert "js.stripe.com" not in page
        assert not re.search(r'name="(card|number|cvc|exp)', page)
        assert 'autocomplete="cc-' not in page


def test_a_service_that_does_not_answer_is_told_and_changes_nothing(owner: Browser, has: Put) -> None:
    has(**PAID)
    assert "does not answer" in owner.get(f"{PAGE}/invoices").text
    assert "does not answer" in owner.get(f"{PAGE}/change?plan=business&interval=year").text
    for path, data in (("portal", {}), ("change", {"plan": "business"}), ("payment", {})):
        answer = owner.post(f"{PAGE}/{path}", data=data)
        assert answer.status_code == 303
        assert "does not answer" in flashed(owner.get(answer.location))


def test_a_cancellation_needs_a_reason_and_keeps_what_was_written(owner: Browser, has: Put) -> None:
    has(**PAID)
    page = owner.get(f"{PAGE}/cancellation")
    assert "Nothing is deleted" in page.text
    again = owner.post(f"{PAGE}/cancellation", data={"words": "The board is too small."})
    assert again.status_code == 422
    assert errors(again)["reason"] == "Choose what fits best."
    assert "The board is too small." in again.text
    too_much = owner.post(f"{PAGE}/cancellation", data={"reason": "other", "words": "x" * 1001})
    assert errors(too_much)["words"] == "At most 1000 characters."


def test_closing_the_workspace_takes_the_password(client_for: ClientFor, sold: Flask, has: Put) -> None:
    has(**PAID)
    browser = client_for("owner", sold)
    browser.write_session({**browser.read_session(), "proved": 0})
    assert 'name="proof_password"' in browser.post(f"{PAGE}/closing", data={"reason": "unused"}).text
    assert 'name="proof_password"' in browser.post(f"{PAGE}/change", data={"plan": "business"}).text
    assert "30 days" in browser.get(f"{PAGE}/cancellation?to=closed").text


def test_odd_wishes_lead_back_to_the_plans(owner: Browser, has: Put) -> None:
    has(**PAID)
    for query in ("", "?plan=free", "?plan=nothing&interval=x", "?plan=%00"):
        assert owner.get(f"{PAGE}/change{query}").location == f"{PAGE}/plans"
    assert owner.post(f"{PAGE}/checkout", data={"plan": "free"}).location == f"{PAGE}/plans"
    has(**BUSINESS)
    assert owner.get(f"{PAGE}/change?plan=team").location == f"{PAGE}/plans?interval=month"
    assert owner.get(f"{PAGE}/cancellation").location == PAGE
    assert owner.get(f"{PAGE}/plans?interval=x&currency=XXX").status_code == 200


def test_prices_are_everybodys_in_the_currency_of_their_country(client_for: ClientFor, sold: Flask) -> None:
    nobody = client_for(None, sold)
    german = nobody.get("/pricing", headers={"Accept-Language": "de-DE"})
    assert "€12 per seat and month" in german.text
    yearly = nobody.get("/pricing?interval=year&currency=EUR").text
    assert "€290 per seat and year" in yearly
    assert re.findall(r">(€\d+) less per seat and year than paid monthly", yearly) == ["€24", "€58"]
    assert "than paid monthly" not in nobody.get("/pricing?interval=month&currency=EUR").text
    assert "¥1,800 per seat and month" in nobody.get("/pricing?currency=JPY").text
    assert "团队版" in nobody.get("/pricing", headers={"Accept-Language": "zh-CN"}).text
    assert "團隊版" in nobody.get("/pricing", headers={"Accept-Language": "zh-TW"}).text
    assert 'href="/pricing"' in nobody.get("/").text


def test_the_plans_of_a_workspace_are_in_its_own_currency(owner: Browser, has: Put, make: Maker) -> None:
    has(**BUSINESS)
    page = owner.get(f"{PAGE}/plans").text
    assert "$14 per seat and month" in page
    assert "For you: $98 a month, without tax" in page
    assert "NT$390" in owner.get(f"{PAGE}/plans?currency=TWD").text
    assert "KWD" in owner.get(f"{PAGE}/plans?currency=KWD").text
    has(**PAID)
    assert "€12 per seat" in owner.get(f"{PAGE}/plans?currency=JPY").text, "who pays keeps the currency"
