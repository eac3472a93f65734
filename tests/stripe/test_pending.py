"""Updates that wait for a payment, as Stripe's documentation tells of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stripe import Double
from tests.stripe.conformity import against_types, object_against_description
from tests.stripe.errors import Refused
from tests.stripe.shop import Shop

HOUR = 3_600


@pytest.fixture
def shop() -> Shop:
    return Shop(Double())


@pytest.fixture
def asked(shop: Shop) -> str:
    """A subscription of three seats whose bank asks each time."""
    return shop.buy("3ds_always")


def propose(shop: Shop, subscription: str, **params: Any) -> Any:
    """Ask for what is to be paid at once, and may wait for it."""
    params = {"proration_behavior": "always_invoice", "payment_behavior": "pending_if_incomplete"} | params
    return shop.change(subscription, expand=["latest_invoice"], **params)


def told(shop: Shop) -> list[str]:
    return [event["type"] for event in shop.double.events()]


def test_a_bank_that_asks_is_told_apart_from_one_that_declines(shop: Shop, asked: str) -> None:
    with pytest.raises(Refused) as refused:
        shop.change(asked, quantity=8, proration_behavior="always_invoice", payment_behavior="error_if_incomplete")
    assert (refused.value.status, refused.value.error["type"], refused.value.error["code"]) == (
        402, "card_error", "subscription_payment_intent_requires_action"
    )  # fmt: skip
    assert len(shop.invoices(asked)) == 1


@pytest.mark.parametrize("what", ["quantity", "price"])
def test_what_is_not_paid_waits_and_changes_nothing(shop: Shop, asked: str, what: str) -> None:
    shop.double.advance(days=3)
    before, told_before = shop.get(f"subscriptions/{asked}"), len(told(shop))
    found = propose(shop, asked, **({"quantity": 8} if what == "quantity" else {"price": shop.year, "quantity": 3}))
    assert object_against_description(found) + against_types(found) == []
    same = ("items", "status", "billing_cycle_anchor")
    assert {name: found[name] for name in same} == {name: before[name] for name in same}
    invoice = found["latest_invoice"]
    assert (invoice["status"], invoice["next_payment_attempt"]) == ("open", None)
    assert found["pending_update"]["expires_at"] == shop.double.now + 23 * HOUR
    [item] = found["pending_update"]["subscription_items"]
    assert (item["quantity"], item["price"]["id"]) == ((8, shop.month) if what == "quantity" else (3, shop.year))
    assert told(shop)[told_before:].count("customer.subscription.updated") == 1
    assert "invoice.payment_action_required" in told(shop)[told_before:]
    with pytest.raises(Refused):
        shop.double.acts.pay_invoice(invoice["id"], "3ds_refused")
    assert shop.get(f"subscriptions/{asked}")["pending_update"]
    shop.double.acts.pay_invoice(invoice["id"], "3ds_always")
    paid = shop.get(f"subscriptions/{asked}")
    assert paid["pending_update"] is None
    assert paid["items"]["data"][0]["price"]["id"] == item["price"]["id"]
    assert paid["items"]["data"][0]["quantity"] == item["quantity"]
    assert "customer.subscription.pending_update_applied" in told(shop)
    assert shop.double.violations == []


def test_what_is_paid_at_once_does_not_wait(shop: Shop) -> None:
    subscription = shop.buy()
    shop.double.advance(days=3)
    found = propose(shop, subscription, quantity=8)
    assert (found["pending_update"], found["items"]["data"][0]["quantity"]) == (None, 8)


@pytest.mark.parametrize("how", ["voided", "expired", "ended"])
def test_what_is_not_paid_is_dropped(shop: Shop, asked: str, how: str) -> None:
    shop.double.advance(days=3)
    invoice = propose(shop, asked, quantity=8)["latest_invoice"]["id"]
    if how == "voided":
        shop.post(f"invoices/{invoice}/void")
    elif how == "expired":
        shop.double.advance(hours=23)
    else:
        shop.double.acts.cancel(asked, at_period_end=False)
    found = shop.get(f"subscriptions/{asked}")
    assert (found["pending_update"], found["items"]["data"][0]["quantity"]) == (None, 3)
    assert shop.get(f"invoices/{invoice}")["status"] == "void"
    assert told(shop).count("customer.subscription.pending_update_expired") == 1
    if how != "ended":
        shop.double.cards(shop.customer, "works")
        shop.double.advance(days=31)
        assert shop.invoices(asked)[-1]["total"] == 3000, "nothing of it is charged later"


def test_it_ends_with_the_period_at_the_latest(shop: Shop, asked: str) -> None:
    ends = shop.get(f"subscriptions/{asked}")["items"]["data"][0]["current_period_end"]
    shop.double.advance_to(ends - 2 * HOUR)
    assert propose(shop, asked, quantity=8)["pending_update"]["expires_at"] == ends
    shop.double.advance(hours=4)
    found = shop.get(f"subscriptions/{asked}")
    assert (found["pending_update"], found["items"]["data"][0]["quantity"]) == (None, 3)


def test_another_takes_its_place(shop: Shop, asked: str) -> None:
    first = propose(shop, asked, quantity=8)["latest_invoice"]["id"]
    second = propose(shop, asked, quantity=5)
    assert shop.get(f"invoices/{first}")["status"] == "void"
    assert second["pending_update"]["subscription_items"][0]["quantity"] == 5


def test_parts_of_before_are_not_lost_with_it(shop: Shop, asked: str) -> None:
    shop.double.advance(days=3)
    shop.change(asked, quantity=4, proration_behavior="create_prorations")
    pending = {row["id"] for row in shop.get("invoiceitems", customer=shop.customer, pending=True)["data"]}
    invoice = propose(shop, asked, quantity=8)["latest_invoice"]["id"]
    shop.post(f"invoices/{invoice}/void")
    assert {row["id"] for row in shop.get("invoiceitems", customer=shop.customer, pending=True)["data"]} == pending


def test_what_may_not_wait_is_refused(shop: Shop) -> None:
    with pytest.raises(Refused, match="cancel_at_period_end"):
        propose(shop, shop.buy("3ds_always"), quantity=8, cancel_at_period_end=True)
    with pytest.raises(Refused, match="bank debits"):
        propose(shop, shop.buy("sepa"), quantity=8)


def test_items_are_left_alone_meanwhile(shop: Shop, asked: str) -> None:
    propose(shop, asked, quantity=8)
    with pytest.raises(Refused, match="has not learned"):
        shop.change(asked, quantity=4)
    shop.post(f"subscriptions/{asked}", cancel_at_period_end=True)


def test_a_card_that_was_set_up_is_not_asked_for_again(shop: Shop) -> None:
    subscription = shop.buy("3ds_unless_set_up")
    assert propose(shop, subscription, quantity=8)["pending_update"] is None
    added = shop.post("payment_methods/pm_card_authenticationRequiredOnSetup/attach", customer=shop.customer)["id"]
    shop.post(f"subscriptions/{subscription}", default_payment_method=added)
    assert propose(shop, subscription, quantity=9)["pending_update"]
