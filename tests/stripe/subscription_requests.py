"""What the API lets do with subscriptions."""

from __future__ import annotations

from typing import Any

from tests.stripe.changing import change
from tests.stripe.collecting import collect_now
from tests.stripe.customers import living
from tests.stripe.errors import Refused
from tests.stripe.prorating import credit_all
from tests.stripe.routes import PAGING, operation
from tests.stripe.shapes import page
from tests.stripe.subscriptions import begin, bill, end
from tests.stripe.world import World

OVER = ("canceled", "incomplete_expired")
COMMON = (
    "metadata description default_payment_method collection_method days_until_due cancel_at_period_end cancel_at "
    "proration_behavior payment_behavior trial_end discounts automatic_tax payment_settings off_session trial_settings "
    "items"
)


@operation("POST /v1/subscriptions", f"customer {COMMON} trial_period_days billing_cycle_anchor currency")
def _make(world: World, params: dict[str, Any]) -> dict[str, Any]:
    customer = living(world, params.pop("customer"))
    params.pop("currency", None)
    return begin(world, customer, params)


@operation("GET /v1/subscriptions/{}")
def _one(world: World, id: str, params: dict[str, Any]) -> dict[str, Any]:
    return world.get("subscription", id)


@operation("GET /v1/subscriptions", f"customer price status collection_method created test_clock {PAGING}")
def _all(world: World, params: dict[str, Any]) -> dict[str, Any]:
    wanted = {name: params[name] for name in ("customer", "collection_method", "test_clock") if name in params}
    status = params.get("status", "")
    rows = world.rows("subscription", **wanted)
    if status == "":
        rows = [row for row in rows if row["status"] not in OVER]
    elif status == "ended":
        rows = [row for row in rows if row["status"] in OVER]
    elif status != "all":
        rows = [row for row in rows if row["status"] == status]
    if "price" in params:
        rows = [row for row in rows if any(item["price"] == params["price"] for item in row["items"]["data"])]
    return page(rows, params, "/v1/subscriptions")


@operation("POST /v1/subscriptions/{}", f"{COMMON} proration_date billing_cycle_anchor cancellation_details")
def _change(world: World, id: str, params: dict[str, Any]) -> dict[str, Any]:
    return change(world, _not_over(world, id), params)


@operation("DELETE /v1/subscriptions/{}", "cancellation_details invoice_now prorate")
def _cancel(world: World, id: str, params: dict[str, Any]) -> dict[str, Any]:
    subscription = _not_over(world, id)
    subscription["cancellation_details"] |= params.get("cancellation_details", {})
    paid = subscription["status"] in ("active", "past_due")
    if params.get("prorate") and paid:
        credit_all(world, subscription, world.now)
    if params.get("invoice_now"):
        customer = world.tables["customer"][subscription["customer"]]
        invoice = bill(world, subscription, customer, "manual", whole_period=False)
        if invoice["lines"]["data"]:
            collect_now(world, invoice)
    elif not params.get("prorate"):
        # As the description of cancelling says: what is pending goes, where neither is asked for.
        for id in [row["id"] for row in world.rows("invoiceitem", invoice=None) if _prorates(row, subscription)]:
            del world.tables["invoiceitem"][id]
    end(world, subscription, "cancellation_requested")
    return subscription


def _prorates(row: dict[str, Any], subscription: dict[str, Any]) -> bool:
    details = (row["parent"] or {}).get("subscription_details") or {}
    return bool(row["proration"] and details.get("subscription") == subscription["id"])


@operation("POST /v1/subscriptions/{}/resume", "billing_cycle_anchor proration_behavior")
def _resume(world: World, id: str, params: dict[str, Any]) -> dict[str, Any]:
    subscription = _not_over(world, id)
    if subscription["status"] != "paused":
        raise Refused(400, "You can only resume paused subscriptions.")
    from tests.stripe.changing import restart

    restart(world, subscription)
    world.tell("customer.subscription.resumed", subscription)
    return subscription


def _not_over(world: World, id: str) -> dict[str, Any]:
    subscription = world.get("subscription", id)
    if subscription["status"] in OVER:
        raise Refused(404, f"No such subscription: '{id}'", code="resource_missing", param="id")
    return subscription
