"""Previews: the invoice that would be the next one after a change, with what it would cost."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from tests.stripe.changing import change
from tests.stripe.customers import living
from tests.stripe.due import _renew
from tests.stripe.errors import Refused
from tests.stripe.routes import operation
from tests.stripe.subscriptions import begin, period_of
from tests.stripe.world import DAY, World


@operation(
    "POST /v1/invoices/create_preview",
    "customer subscription subscription_details.items subscription_details.proration_behavior "
    "subscription_details.proration_date subscription_details.billing_cycle_anchor "
    "subscription_details.cancel_at_period_end "
    "subscription_details.trial_end discounts",
)
def _preview(world: World, params: dict[str, Any]) -> dict[str, Any]:
    """Carry the change out in a copy of the world that is forgotten, and return the invoice that would be the next.

    With `always_invoice` that is the one made at once; else the one at the end of the period, with all that is pending.
    """
    with world.forgotten():
        return deepcopy(_next_invoice(world, params))


def _next_invoice(world: World, params: dict[str, Any]) -> dict[str, Any]:
    details = params.get("subscription_details", {})
    before = set(world.tables["invoice"])
    if "subscription" not in params:
        if "customer" not in params:
            raise Refused(400, "Missing required param: customer.", code="parameter_missing", param="customer")
        begun = {
            "items": details.get("items"),
            "discounts": params.get("discounts"),
            "payment_behavior": "default_incomplete",
        }
        begun |= {name: details[name] for name in ("trial_end",) if name in details}
        subscription = begin(world, living(world, params["customer"]), begun)
    else:
        subscription = world.get("subscription", params["subscription"], "subscription")
        asked = {name: value for name, value in details.items() if value is not None}
        if "discounts" in params:
            asked["discounts"] = params["discounts"]
        if asked:
            subscription |= {"pending_update": None, "_pending": None}
            change(world, subscription, asked)
    new = [row for id, row in world.tables["invoice"].items() if id not in before]
    if not new:
        if subscription["cancel_at_period_end"]:
            raise Refused(404, "No upcoming invoices for customer", code="invoice_upcoming_none")
        with world.at(period_of(subscription)[1]):
            _renew(world, subscription)
        new = [world.tables["invoice"][subscription["latest_invoice"]]]
    preview = new[-1]
    with world.at(world.now):
        return preview | {
            "id": f"upcoming_{preview['id']}", "status": "draft", "number": None, "amount_paid": 0,
            "amount_remaining": preview["amount_due"], "next_payment_attempt": world.now + DAY // 24,
            "hosted_invoice_url": None, "invoice_pdf": None,
        }  # fmt: skip
