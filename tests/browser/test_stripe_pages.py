"""The pages of the double of Stripe can be clicked at phone width: Checkout, the portal, an invoice."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.stripe import Double
from tests.stripe.shop import Shop


@pytest.fixture
def phone(chromium: Browser) -> Iterator[Page]:
    """A page as wide as a phone."""
    context = chromium.new_context(viewport={"width": 390, "height": 844})
    yield context.new_page()
    context.close()


@pytest.fixture
def shop(stripe_double: Double) -> Shop:
    return Shop(stripe_double)


def _choose(page: Page, card: str, button: str) -> None:
    page.check(f'input[value="{card}"]')
    page.click(button)


def test_checkout_is_filled_in_declined_authenticated_and_paid(phone: Page, shop: Shop) -> None:
    coupon = shop.post("coupons", percent_off=50, duration="once")["id"]
    shop.post("promotion_codes", promotion={"type": "coupon", "coupon": coupon}, code="HALF")
    session = shop.session(
        allow_promotion_codes=True, automatic_tax={"enabled": True}, tax_id_collection={"enabled": True},
        customer_update={"address": "auto", "name": "auto"}, locale="zh-TW",
        allowed_payment_method_types=["card", "sepa_debit", "alipay", "wechat_pay"],
        success_url=f"{shop.double.url}/_control/clock?session={{CHECKOUT_SESSION_ID}}",
    )  # fmt: skip
    phone.goto(session["url"])
    assert phone.evaluate("document.documentElement.scrollWidth") == 390
    assert phone.locator("html").get_attribute("lang") == "zh-TW"
    phone.fill("[name=name]", "安 Ltd")
    phone.fill("[name=country]", "FR")
    phone.fill("[name=code]", "NONE")
    _choose(phone, "works", "#pay")
    expect(phone.get_by_role("alert")).to_have_text("This code is invalid.")
    expect(phone.locator("[name=name]")).to_have_value("安 Ltd")
    phone.fill("[name=code]", "half")
    _choose(phone, "declined", "#pay")
    expect(phone.get_by_role("alert")).to_have_text("Your card was declined.")
    _choose(phone, "3ds", "#pay")
    phone.click("#bank-no")
    expect(phone.get_by_role("alert")).to_contain_text("unable to authenticate")
    _choose(phone, "3ds", "#pay")
    phone.click("#bank-yes")
    phone.wait_for_url(f"**/_control/clock?session={session['id']}")
    paid = shop.get(f"checkout/sessions/{session['id']}", expand=["subscription.latest_invoice", "customer"])
    assert (paid["status"], paid["subscription"]["status"], paid["amount_total"]) == ("complete", "active", 1785)
    assert (paid["customer"]["name"], paid["customer"]["address"]["country"]) == ("安 Ltd", "FR")
    phone.goto(session["url"])
    expect(phone.get_by_role("heading")).to_have_text("Something went wrong")
    phone.goto(f"{shop.double.url}/c/pay/cs_none")
    expect(phone.get_by_role("heading")).to_have_text("Not found")


def test_the_portal_ends_takes_back_and_changes_the_card(phone: Page, shop: Shop) -> None:
    subscription = shop.buy("fails_later")
    shop.double.advance(days=32)
    portal = shop.post(
        "billing_portal/sessions", customer=shop.customer, return_url=f"{shop.double.url}/_control/clock"
    )
    phone.goto(portal["url"])
    assert phone.evaluate("document.documentElement.scrollWidth") == 390
    expect(phone.locator(f"#{subscription}")).to_contain_text("past_due")
    _choose(phone, "works", "#change-card")
    expect(phone.locator("#method")).to_have_text("visa •••• 4242")
    expect(phone.locator(f"#{subscription}")).to_contain_text("past_due")
    phone.fill("[name=comment]", "Too dear")
    phone.click("#cancel")
    expect(phone.locator("#resume")).to_be_visible()
    assert shop.get(f"subscriptions/{subscription}")["cancellation_details"]["comment"] == "Too dear"
    phone.click("#resume")
    expect(phone.locator("#cancel")).to_be_visible()
    phone.click("#return")
    phone.wait_for_url("**/_control/clock")


def test_an_open_invoice_is_paid_at_its_page(phone: Page, shop: Shop) -> None:
    subscription = shop.buy("fails_later")
    shop.double.advance(days=32)
    invoice = shop.invoices(subscription)[-1]
    phone.goto(invoice["hosted_invoice_url"])
    _choose(phone, "declined", "#pay")
    expect(phone.get_by_role("alert")).to_have_text("Your card was declined.")
    _choose(phone, "works", "#pay")
    expect(phone.locator("#status")).to_have_text("paid")
    assert phone.request.get(invoice["invoice_pdf"]).body().startswith(b"%PDF")
    assert shop.status(subscription) == "active"
