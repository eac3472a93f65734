"""The life of a subscription, told by Stripe: paid, declined, owed, read-only, paid again, cancelled, back."""

from __future__ import annotations

from tests.billing.company import Company, Shop


def test_paying_begins_a_subscription(shop: Shop, acme: Company) -> None:
    assert (acme.row.state, acme.plan["key"]) == ("trialing", "business")
    acme.subscribe("team", "month")
    row = acme.row
    assert (row.state, row.source, row.plan, row.interval, row.currency) == ("active", "stripe", "team", "month", "EUR")
    assert (row.seats, row.amount) == (acme.people(), 1200)
    assert acme.plan["key"] == "team"
    assert acme.movements == ["converted"]


def test_a_trial_ends_in_the_free_plan(shop: Shop, acme: Company) -> None:
    shop.goes_on(days=15)
    assert (acme.row.state, acme.row.source, acme.plan["key"], acme.status) == ("free", "none", "free", "active")


def test_a_card_that_fails_leads_through_grace_to_reading_only_and_back(shop: Shop, acme: Company) -> None:
    acme.subscribe()
    shop.double.account.after_retries = "past_due"
    shop.double.cards(acme.row.customer_id or "", "declined")
    shop.goes_on(days=32)
    row = acme.row
    assert (row.state, acme.status) == ("past_due", "active")
    since = row.past_due_since
    assert since is not None
    assert acme.plan["state"] == "past_due"
    shop.goes_on(days=14)
    assert (acme.row.state, acme.status, acme.row.past_due_since) == ("read_only", "read_only", since)
    shop.double.acts.change_card(acme.row.customer_id or "", "works")
    for invoice in shop.double.request("GET", "/v1/invoices", {"customer": acme.row.customer_id, "status": "open"})[
        "data"
    ]:
        shop.double.acts.pay_invoice(invoice["id"])
    shop.deliver()
    assert (acme.row.state, acme.status, acme.row.past_due_since) == ("active", "active", None)
    assert acme.movements == ["converted", "past_due", "read_only", "recovered"]


def test_who_never_pays_is_cancelled_then_deleted(shop: Shop, acme: Company) -> None:
    acme.subscribe()
    shop.double.account.after_retries = "past_due"
    shop.double.cards(acme.row.customer_id or "", "declined")
    shop.goes_on(days=31 + 14 + 30 + 6)  # looked at every third day, and each state is lived in
    assert (acme.row.state, acme.status) == ("cancelled", "suspended")
    assert acme.at_stripe.status == "canceled"
    assert acme.at_stripe.unpaid_since is not None
    assert shop.deletion_asked(acme) is None
    shop.goes_on(days=31)
    assert shop.deletion_asked(acme) == "billing"


def test_another_card_pays_what_is_open_and_from_then_on(shop: Shop, acme: Company) -> None:
    acme.subscribe()
    shop.double.cards(acme.row.customer_id or "", "declined")
    shop.goes_on(days=32)
    assert acme.row.state == "past_due"
    shop.double.acts.change_card(acme.row.customer_id or "", "works")
    shop.deliver()
    assert (acme.row.state, acme.movements) == ("active", ["converted", "past_due", "recovered"])
    shop.goes_on(days=31)
    assert acme.row.state == "active"


def test_another_card_that_is_declined_leaves_it_owed(shop: Shop, acme: Company) -> None:
    acme.subscribe()
    shop.double.cards(acme.row.customer_id or "", "declined")
    shop.goes_on(days=32)
    shop.double.acts.change_card(acme.row.customer_id or "", "fails_later")
    shop.double.cards(acme.row.customer_id or "", "declined")
    shop.deliver()
    assert acme.row.state == "past_due"


def test_who_pays_before_the_day_is_not_deleted(shop: Shop, acme: Company) -> None:
    acme.subscribe()
    acme.cancel("closed")
    shop.goes_on(days=32 + 30 + 3)
    assert shop.deletion_asked(acme) == "billing"
    acme.subscribe("business")
    assert (acme.row.state, acme.status, shop.deletion_asked(acme)) == ("active", "active", None)


def test_a_cancelled_subscription_begins_no_other_period(shop: Shop, acme: Company) -> None:
    acme.subscribe("team", "year")
    acme.change("team", "month")
    acme.cancel("free")
    shop.goes_on(days=367)
    assert (acme.row.state, acme.row.plan) == ("free", "free")
    invoices = shop.double.request("GET", "/v1/invoices", {"customer": acme.row.customer_id})["data"]
    assert len(invoices) == 1


def test_what_stripe_gives_up_by_itself_is_owed_all_the_same(shop: Shop, acme: Company) -> None:
    acme.subscribe()
    shop.double.account.after_retries = "canceled"
    shop.double.cards(acme.row.customer_id or "", "declined")
    shop.goes_on(days=31 + 16)
    assert acme.at_stripe.status == "canceled"
    assert acme.row.state == "read_only"


def test_cancelling_holds_until_the_period_ends(shop: Shop, acme: Company) -> None:
    acme.subscribe("business")
    acme.cancel("free")
    row = acme.row
    assert (row.state, row.cancel_at_period_end, row.cancel_to, row.cancel_reason) == (
        "active", True, "free", "too_expensive"
    )  # fmt: skip
    assert acme.plan["ending"] == "free"
    shop.goes_on(days=32)
    assert (acme.row.state, acme.row.source, acme.plan["key"], acme.status) == ("free", "none", "free", "active")
    assert acme.movements == ["converted", "cancel_asked", "free"]


def test_closing_leaves_reading_to_the_owners(shop: Shop, acme: Company) -> None:
    acme.subscribe()
    acme.cancel("closed")
    shop.goes_on(days=32)
    assert (acme.row.state, acme.status) == ("cancelled", "suspended")


def test_a_cancellation_is_taken_back(shop: Shop, acme: Company) -> None:
    acme.subscribe()
    acme.cancel("closed")
    acme.take_back()
    shop.deliver()
    assert (acme.row.cancel_at_period_end, acme.row.cancel_to) == (False, "")
    shop.goes_on(days=32)
    assert acme.row.state == "active"
    assert acme.movements == ["converted", "cancel_asked", "cancel_taken_back"]


def test_one_returns_by_checkout(shop: Shop, acme: Company) -> None:
    acme.subscribe()
    acme.cancel("closed")
    shop.goes_on(days=32)
    former = acme.row.subscription_id
    acme.subscribe("business", "year")
    assert (acme.row.state, acme.row.plan, acme.row.interval, acme.status) == ("active", "business", "year", "active")
    assert acme.row.subscription_id != former
    assert acme.movements[-1] == "started"


def test_a_bigger_plan_is_paid_at_once_and_a_smaller_one_waits(shop: Shop, acme: Company) -> None:
    acme.subscribe("team", "month")
    shop.goes_on(days=5)
    acme.change("business", "month")
    assert acme.row.plan == "business"
    acme.change("team", "month")
    row = acme.row
    assert (row.plan, row.next_plan, row.next_interval) == ("business", "team", "month")
    shop.goes_on(days=27)
    assert (acme.row.plan, acme.row.next_plan, acme.at_stripe.plan) == ("team", "", "team")
    assert acme.movements == ["converted", "upgraded", "downgraded"]


def test_a_lowering_that_waits_is_taken_back(shop: Shop, acme: Company) -> None:
    acme.subscribe("business", "year")
    acme.change("business", "month")
    assert acme.row.next_interval == "month"
    acme.change("business", "year")
    assert (acme.row.next_plan, acme.row.next_interval) == ("", "")
    shop.goes_on(days=370, step=60)
    assert acme.row.interval == "year"


def test_two_checkouts_that_are_both_paid_leave_one_subscription(shop: Shop, acme: Company) -> None:
    first = acme.go_to_checkout("team")
    shop.double.acts.pay(first)
    double = shop.double
    second = double.request("POST", "/v1/checkout/sessions", {
        "mode": "subscription", "customer": acme.row.customer_id, "success_url": "http://crm.example/ok",
        "line_items": [{"price": acme.at_stripe.price_id, "quantity": 2}],
        "metadata": {"installation": shop.gateway.installation, "tenant_id": str(acme.id)},
        "subscription_data": {"metadata": {"installation": shop.gateway.installation, "tenant_id": str(acme.id)}},
    })  # fmt: skip
    double.acts.pay(second["id"])
    shop.deliver()
    living = double.request("GET", "/v1/subscriptions", {"customer": acme.row.customer_id})["data"]
    assert [one["id"] for one in living] == [acme.row.subscription_id]
    assert double.request("GET", f"/v1/customers/{acme.row.customer_id}")["balance"] < 0


def test_starting_to_pay_again_ends_the_page_of_before(shop: Shop, acme: Company) -> None:
    first, second = acme.go_to_checkout("team"), acme.go_to_checkout("business")
    states = {
        one["id"]: one["status"] for one in shop.double.request("GET", "/v1/checkout/sessions", {"limit": 10})["data"]
    }
    assert (states[first], states[second]) == ("expired", "open")
