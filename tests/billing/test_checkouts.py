"""Checkout in two tabs, by two people, left open, come back to late: one subscription stays, nothing is paid twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from billing.checkout import returned
from billing.errors import NothingToDo
from billing.portal import portal_url
from tests.billing.company import Company, Shop
from tests.stripe.errors import Refused


def sessions(shop: Shop, status: str) -> list[dict[str, Any]]:
    return list(shop.double.request("GET", "/v1/checkout/sessions", {"limit": 100, "status": status})["data"])


def living(shop: Shop, company: Company) -> list[str]:
    found = shop.double.request("GET", "/v1/subscriptions", {"customer": company.row.customer_id})
    return [one["id"] for one in found["data"]]


def test_of_two_tabs_the_later_one_can_be_paid(shop: Shop, acme: Company) -> None:
    first, second = acme.go_to_checkout("team"), acme.go_to_checkout("business")
    with pytest.raises(Refused):
        shop.double.acts.pay(first)
    shop.double.acts.pay(second)
    shop.deliver()
    assert (acme.row.plan, len(living(shop, acme))) == ("business", 1)


def test_of_many_who_begin_at_once_one_page_is_left(shop: Shop, acme: Company) -> None:
    owner = acme.owner

    def begin(number: int) -> None:
        from billing import checkout

        with shop.app.app_context():
            checkout.start_checkout(
                shop.settings, acme.tenant, plan=("team", "business")[number % 2], interval="month", currency="EUR",
                seats=7, actor=owner, success_url="http://crm.example/ok", cancel_url="http://crm.example/no",
            )  # fmt: skip

    with ThreadPoolExecutor(6) as people:
        list(people.map(begin, range(6)))
    [left] = sessions(shop, "open")
    assert len(shop.double.request("GET", "/v1/customers")["data"]) == 1
    shop.double.acts.pay(left["id"])
    shop.deliver()
    assert len(living(shop, acme)) == 1


def test_who_begins_while_another_has_just_paid_pays_nothing(shop: Shop, acme: Company) -> None:
    """The webhook has not come yet: Stripe is looked at before."""
    shop.double.acts.pay(acme.go_to_checkout("team"))
    with pytest.raises(NothingToDo):
        acme.go_to_checkout("business")
    assert (acme.row.state, acme.row.plan) == ("active", "team")
    assert sessions(shop, "open") == []


def test_two_who_pay_before_either_page_ends_are_paid_for_once(shop: Shop, acme: Company) -> None:
    """The second begins while the first pays: a look is older than the payment."""
    first = acme.go_to_checkout("team")
    shop.double.meanwhile("POST", "/v1/checkout/sessions", lambda: shop.double.acts.pay(first))
    second = acme.go_to_checkout("team")
    shop.double.acts.pay(second)
    shop.deliver()
    assert living(shop, acme) == [acme.row.subscription_id]
    balance = shop.double.request("GET", f"/v1/customers/{acme.row.customer_id}")["balance"]
    paid = [one["amount_paid"] for one in shop.double.request(
        "GET", "/v1/invoices", {"customer": acme.row.customer_id})["data"]]  # fmt: skip
    assert sum(paid) + balance == 1200 * acme.row.seats, "the other one counts for what comes next"


@pytest.mark.parametrize("when", ["before the webhook", "after it", "after a cancellation", "weeks later"])
def test_who_comes_back_late_sees_what_is_so(shop: Shop, acme: Company, when: str) -> None:
    page = acme.go_to_checkout("team")
    shop.double.acts.pay(page)
    if when != "before the webhook":
        shop.deliver()
    if when == "after a cancellation":
        acme.cancel("free")
    if when == "weeks later":
        shop.goes_on(days=40)
    before = len(shop.double.request("GET", "/v1/invoices", {"customer": acme.row.customer_id})["data"])
    returned(shop.settings, acme.tenant, page, now=shop.now)
    returned(shop.settings, acme.tenant, page, now=shop.now)
    assert (acme.row.state, acme.row.plan) == ("active", "team")
    assert acme.row.cancel_at_period_end == (when == "after a cancellation")
    assert len(shop.double.request("GET", "/v1/invoices", {"customer": acme.row.customer_id})["data"]) == before
    assert living(shop, acme) == [acme.row.subscription_id]


def test_who_comes_back_without_paying_has_what_they_had(shop: Shop, acme: Company) -> None:
    page = acme.go_to_checkout("team")
    for named in (page, "cs_of_somebody_else", "<script>"):
        returned(shop.settings, acme.tenant, named, now=shop.now)
    assert (acme.row.state, acme.row.source) == ("trialing", "none")


def test_a_page_that_is_over_is_begun_anew(shop: Shop, acme: Company) -> None:
    page = acme.go_to_checkout("team")
    shop.goes_on(hours=25)
    with pytest.raises(Refused):
        shop.double.acts.pay(page)
    returned(shop.settings, acme.tenant, page, now=shop.now)
    assert acme.row.state == "trialing"
    acme.subscribe("team")
    assert (acme.row.state, len(living(shop, acme))) == ("active", 1)


def test_a_declined_card_leaves_the_page_open_and_nothing_begun(shop: Shop, acme: Company) -> None:
    page = acme.go_to_checkout("team")
    with pytest.raises(Refused):
        shop.double.acts.pay(page, "declined")
    shop.deliver()
    assert acme.row.state == "trialing"
    shop.double.acts.pay(page, "3ds")
    shop.deliver()
    assert (acme.row.state, len(living(shop, acme))) == ("active", 1)


@pytest.mark.parametrize(("locale", "page", "invoice"), [
    ("en", "en", "en"), ("zh_Hans", "zh", "zh-CN"), ("zh_Hant", "zh-TW", "zh-TW"),
])  # fmt: skip
def test_pages_and_invoices_are_in_the_language_of_the_workspace(
    shop: Shop, acme: Company, locale: str, page: str, invoice: str
) -> None:
    acme.tenant = replace(acme.tenant, locale=locale)
    session = acme.go_to_checkout("team")
    assert shop.double.request("GET", f"/v1/checkout/sessions/{session}")["locale"] == page
    customer = shop.double.request("GET", f"/v1/customers/{acme.row.customer_id}")
    assert (customer["preferred_locales"], customer["name"]) == ([invoice], acme.tenant.name)
    portal_url(shop.settings, acme.tenant, return_url="http://crm.example/settings/billing")
    [asked] = [one for one in shop.double.requests if one.path == "/v1/billing_portal/sessions"]
    assert asked.params["locale"] == page
