"""Subscriptions live as Stripe lets them: trials, renewals, changes, failures, ends."""

from __future__ import annotations

import pytest

from tests.stripe import Double
from tests.stripe.errors import Refused
from tests.stripe.shop import Shop

DAY = 86_400


@pytest.fixture
def shop() -> Shop:
    return Shop(Double())


def _types(shop: Shop) -> list[str]:
    return [event["type"] for event in shop.double.events()]


def test_a_purchase_is_paid_and_told(shop: Shop) -> None:
    subscription = shop.buy(subscription_data={"metadata": {"tenant": "7"}})
    held = shop.get(f"subscriptions/{subscription}", expand=["latest_invoice"])
    assert (held["status"], held["metadata"], held["latest_invoice"]["status"]) == ("active", {"tenant": "7"}, "paid")
    assert held["latest_invoice"]["total"] == 3000
    assert held["items"]["data"][0]["current_period_end"] - shop.double.now == 31 * DAY
    told = [_types(shop).index(name) for name in ("invoice.created", "invoice.paid", "checkout.session.completed")]
    assert told == sorted(told)


def test_a_declined_card_buys_nothing_and_another_one_does(shop: Shop) -> None:
    session = shop.session()
    with pytest.raises(Refused) as refused:
        shop.double.acts.pay(session["id"], "insufficient_funds")
    assert (refused.value.status, refused.value.error["decline_code"]) == (402, "insufficient_funds")
    assert shop.get("subscriptions", customer=shop.customer)["data"] == []
    assert shop.double.acts.pay(session["id"], "3ds")["status"] == "complete"
    with pytest.raises(Refused, match="complete"):
        shop.double.acts.pay(session["id"])


def test_it_renews_an_hour_after_the_period_ends(shop: Shop) -> None:
    subscription = shop.buy()
    shop.double.advance(days=31)
    assert [row["status"] for row in shop.invoices(subscription)] == ["paid", "draft"]
    shop.double.advance(hours=1)
    assert [(row["status"], row["billing_reason"]) for row in shop.invoices(subscription)] == [
        ("paid", "subscription_create"), ("paid", "subscription_cycle"),
    ]  # fmt: skip
    shop.double.advance(days=365)
    assert len(shop.invoices(subscription)) == 14


def test_seats_within_a_month_are_prorated_to_the_second_and_billed_with_the_next(shop: Shop) -> None:
    subscription = shop.buy()
    shop.double.advance(days=10, seconds=1)
    shop.change(subscription, quantity=5, proration_behavior="create_prorations")
    rest, whole = 21 * DAY - 1, 31 * DAY
    credit, charge = -3000 * rest // whole, 5000 * rest // whole
    pending = shop.get("invoiceitems", customer=shop.customer, pending=True)["data"]
    assert [row["amount"] for row in pending[::-1]] == [credit, charge]
    shop.double.advance(days=22)
    latest = shop.invoices(subscription)[-1]
    assert [line["amount"] for line in latest["lines"]["data"]] == [credit, charge, 5000]
    assert latest["total"] == credit + charge + 5000


def test_a_preview_costs_what_the_change_then_costs_and_changes_nothing(shop: Shop) -> None:
    subscription = shop.buy()
    shop.double.advance(days=7)
    item = shop.get(f"subscriptions/{subscription}")["items"]["data"][0]["id"]
    details = {"items": [{"id": item, "quantity": 9}], "proration_behavior": "always_invoice"}
    before = shop.double.dump()
    preview = shop.post("invoices/create_preview", subscription=subscription, subscription_details=details)
    after = shop.double.dump()
    assert after["tables"] == before["tables"]
    shop.post(f"subscriptions/{subscription}", **details)
    made = shop.invoices(subscription)[-1]
    assert (made["total"], made["status"], made["billing_reason"]) == (preview["total"], "paid", "subscription_update")


def test_another_interval_begins_anew_and_gives_back_what_is_unused(shop: Shop) -> None:
    subscription = shop.buy()
    shop.double.advance(days=15, hours=12)
    changed = shop.change(subscription, price=shop.year, quantity=3, proration_behavior="always_invoice")
    invoice = shop.invoices(subscription)[-1]
    assert [line["amount"] for line in invoice["lines"]["data"]] == [-1500, 30_000]
    assert changed["billing_cycle_anchor"] == shop.double.now
    assert changed["items"]["data"][0]["current_period_end"] == shop.double.now + 365 * DAY


def test_fewer_seats_without_proration_cost_less_from_the_next_period_on(shop: Shop) -> None:
    subscription = shop.buy()
    shop.double.advance(days=3)
    shop.change(subscription, quantity=1, proration_behavior="none")
    shop.double.advance(days=29)
    assert [row["total"] for row in shop.invoices(subscription)] == [3000, 1000]


def test_a_change_that_must_be_paid_and_is_declined_changes_nothing(shop: Shop) -> None:
    subscription = shop.buy()
    shop.double.advance(days=3)
    shop.double.cards(shop.customer, "declined")
    before = shop.get(f"subscriptions/{subscription}")
    with pytest.raises(Refused) as refused:
        shop.change(
            subscription, quantity=8, proration_behavior="always_invoice", payment_behavior="error_if_incomplete"
        )
    assert refused.value.status == 402
    assert shop.get(f"subscriptions/{subscription}") == before
    assert len(shop.invoices(subscription)) == 1
    assert shop.get("invoiceitems", customer=shop.customer)["data"] == []


@pytest.mark.parametrize("status", ["canceled", "unpaid", "past_due"])
def test_failures_are_tried_again_and_then_end_as_the_account_says(shop: Shop, status: str) -> None:
    shop.double.account.after_retries = status
    subscription = shop.buy()
    shop.double.cards(shop.customer, "declined")
    shop.double.advance(days=31, hours=1)
    assert shop.status(subscription) == "past_due"
    invoice = shop.invoices(subscription)[-1]
    assert (invoice["attempt_count"], invoice["next_payment_attempt"] - shop.double.now) == (1, 3 * DAY)
    shop.double.advance(days=3 + 5 + 7)
    assert shop.status(subscription) == status
    assert shop.invoices(subscription)[-1]["attempt_count"] == 4
    assert _types(shop).count("invoice.payment_failed") == 4


def test_another_card_waits_for_who_asks(shop: Shop) -> None:
    """A subscription goes on with what Checkout gave it."""
    subscription = shop.buy("fails_later")
    shop.double.advance(days=32)
    method = shop.double.acts.change_card(shop.customer)["invoice_settings"]["default_payment_method"]
    assert shop.status(subscription) == "past_due"
    shop.post(f"invoices/{shop.invoices(subscription)[-1]['id']}/pay", payment_method=method)
    assert shop.status(subscription) == "active"


def test_a_bank_that_asks_each_time_needs_the_person(shop: Shop) -> None:
    subscription = shop.buy("3ds_always")
    shop.double.advance(days=32)
    assert "invoice.payment_action_required" in _types(shop)
    open_invoice = shop.invoices(subscription)[-1]
    shop.double.acts.pay_invoice(open_invoice["id"], "3ds_always")
    assert shop.status(subscription) == "active"


def test_a_trial_warns_and_then_bills(shop: Shop) -> None:
    session = shop.session(subscription_data={"trial_period_days": 14})
    bought = shop.double.acts.pay(session["id"])
    assert bought["payment_status"] == "no_payment_required"
    assert shop.status(bought["subscription"]) == "trialing"
    shop.double.advance(days=12)
    assert "customer.subscription.trial_will_end" in _types(shop)
    shop.double.advance(days=3)
    assert shop.status(bought["subscription"]) == "active"
    assert [row["total"] for row in shop.invoices(bought["subscription"])] == [0, 3000]


def test_a_cancelled_one_runs_until_its_period_ends_and_can_be_taken_back(shop: Shop) -> None:
    subscription = shop.buy()
    held = shop.double.acts.cancel(subscription, feedback="too_expensive", comment="Too dear")
    assert held["cancel_at"] == held["items"]["data"][0]["current_period_end"]
    assert held["cancellation_details"]["feedback"] == "too_expensive"
    held = shop.double.acts.resume(subscription)
    assert (held["cancel_at_period_end"], held["cancel_at"], held["canceled_at"]) == (False, None, None)
    shop.post(f"subscriptions/{subscription}", cancel_at_period_end=True)
    shop.double.advance(days=31)
    held = shop.get(f"subscriptions/{subscription}")
    assert (held["status"], held["cancellation_details"]["reason"]) == ("canceled", "cancellation_requested")
    with pytest.raises(Refused) as refused:
        shop.change(subscription, quantity=2)
    assert refused.value.status == 404


def test_what_is_pending_is_collected_when_the_period_ends_for_good(shop: Shop) -> None:
    subscription = shop.buy()
    shop.change(subscription, quantity=6, proration_behavior="create_prorations")
    shop.post(f"subscriptions/{subscription}", cancel_at_period_end=True)
    shop.double.advance(days=31)
    assert [row["total"] for row in shop.invoices(subscription)] == [3000, 3000]


def test_what_is_left_of_a_cancelled_one_is_kept_for_the_customer(shop: Shop) -> None:
    subscription = shop.buy()
    shop.double.advance(days=15, hours=12)
    shop.double.request("DELETE", f"/v1/subscriptions/{subscription}", {"prorate": True, "invoice_now": True})
    assert shop.get(f"customers/{shop.customer}")["balance"] == -1500
    again = shop.buy()
    first = shop.invoices(again)[0]
    assert (first["total"], first["amount_due"], first["ending_balance"]) == (3000, 1500, 0)


def test_what_is_pending_goes_with_one_that_is_ended_at_once(shop: Shop) -> None:
    subscription = shop.buy()
    shop.change(subscription, quantity=6, proration_behavior="create_prorations")
    shop.double.request("DELETE", f"/v1/subscriptions/{subscription}", {})
    assert shop.get("invoiceitems", customer=shop.customer)["data"] == []


def test_wallets_that_pay_once_are_no_way_to_subscribe_but_pay_an_invoice(shop: Shop) -> None:
    session = shop.session(allowed_payment_method_types=["card", "sepa_debit", "alipay", "wechat_pay"])
    assert session["payment_method_types"] == ["card", "sepa_debit"]
    with pytest.raises(Refused, match="does not offer alipay"):
        shop.double.acts.pay(session["id"], "alipay")
    bought = shop.double.acts.pay(session["id"], "sepa")["subscription"]
    assert shop.status(bought) == "active"
    sent = shop.post(
        "subscriptions", customer=shop.customer, items=[{"price": shop.month}],
        collection_method="send_invoice", days_until_due=14,
    )  # fmt: skip
    shop.double.advance(hours=2)
    [invoice] = shop.invoices(sent["id"])
    assert shop.double.acts.pay_invoice(invoice["id"], "wechat_pay")["status"] == "paid"


def test_an_invoice_that_was_sent_and_is_late_makes_it_past_due(shop: Shop) -> None:
    sent = shop.post(
        "subscriptions", customer=shop.customer, items=[{"price": shop.month}],
        collection_method="send_invoice", days_until_due=14,
    )  # fmt: skip
    shop.double.advance(days=14)
    assert shop.status(sent["id"]) == "active"
    shop.double.advance(hours=2)
    assert shop.status(sent["id"]) == "past_due"
    shop.double.acts.pay_invoice(shop.invoices(sent["id"])[0]["id"])
    assert shop.status(sent["id"]) == "active"


def test_coupons_count_as_long_as_they_say(shop: Shop) -> None:
    coupon = shop.post("coupons", percent_off=50, duration="repeating", duration_in_months=2)["id"]
    shop.post("promotion_codes", promotion={"type": "coupon", "coupon": coupon}, code="HALF", max_redemptions=1)
    session = shop.session(allow_promotion_codes=True)
    subscription = shop.double.acts.pay(session["id"], code="half")["subscription"]
    shop.double.advance(days=100)
    assert [row["total"] for row in shop.invoices(subscription)] == [1500, 1500, 3000, 3000]
    with pytest.raises(Refused, match="invalid"):
        shop.double.acts.pay(shop.session(allow_promotion_codes=True)["id"], code="HALF")


@pytest.mark.parametrize(
    ("country", "tax_id", "tax"),
    [("DE", None, 570), ("DE", ("eu_vat", "DE123456789"), 570), ("FR", ("eu_vat", "FR12345678901"), 0),
     ("FR", None, 570), ("TW", None, 0)],
)  # fmt: skip
def test_taxes_are_added_by_where_the_customer_is(
    shop: Shop, country: str, tax_id: tuple[str, str] | None, tax: int
) -> None:
    session = shop.session(
        automatic_tax={"enabled": True}, tax_id_collection={"enabled": True},
        customer_update={"address": "auto", "name": "auto"},
    )  # fmt: skip
    bought = shop.double.acts.pay(session["id"], address={"country": country}, tax_id=tax_id, name="Ann")
    assert (bought["amount_total"], bought["total_details"]["amount_tax"]) == (3000 + tax, tax)


@pytest.mark.parametrize(("currency", "amount"), [("jpy", 500), ("kwd", 12_345)])
def test_currencies_of_none_and_three_decimals_are_whole_numbers(shop: Shop, currency: str, amount: int) -> None:
    subscription = shop.buy(line_items=[{"price": shop.price(amount, "month", currency), "quantity": 3}])
    assert shop.invoices(subscription)[0]["total"] == 3 * amount
    with pytest.raises(Refused, match="combine currencies"):
        shop.buy()


def test_an_archived_price_is_sold_no_more_and_kept_by_who_has_it(shop: Shop) -> None:
    subscription = shop.buy()
    shop.post(f"prices/{shop.month}", active=False)
    with pytest.raises(Refused, match="inactive"):
        shop.session()
    shop.double.advance(days=32)
    assert shop.invoices(subscription)[-1]["status"] == "paid"
    assert shop.change(subscription, quantity=4)["items"]["data"][0]["quantity"] == 4
