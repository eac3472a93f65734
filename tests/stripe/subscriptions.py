"""Subscriptions from their beginning to their end."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from tests.stripe.arithmetic import amount_of, period_around, prorated
from tests.stripe.catalogue import merged
from tests.stripe.collecting import await_finalising, collect_now, finalise, intent_of
from tests.stripe.discounts import redeem, running, used
from tests.stripe.errors import Refused, not_paid
from tests.stripe.invoicing import item_line, new_invoice, period_line, sum_up
from tests.stripe.payment_methods import default_method, outcome, said
from tests.stripe.pending import drop
from tests.stripe.shapes import blank, listed
from tests.stripe.world import DAY, World

_PRICE = "items[0][price]"


def recurring_of(world: World, subscription: dict[str, Any]) -> dict[str, Any]:
    """Return how often a subscription bills; all its items do so alike here."""
    found: dict[str, Any] = world.tables["price"][subscription["items"]["data"][0]["price"]]["recurring"]
    return found


def new_item(world: World, subscription: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Make an item of a subscription. Raises Refused for a price that cannot be chosen."""
    price = choosable(world, given.get("price", ""), subscription["currency"])
    return blank(
        "subscription_item", id=world.new_id("subscription_item"), object="subscription_item", created=world.now,
        subscription=subscription["id"], price=price["id"], quantity=given.get("quantity", 1), tax_rates=[],
        metadata=given.get("metadata") or {}, discounts=[],
    )  # fmt: skip


def choosable(world: World, id: str, currency: str | None) -> dict[str, Any]:
    """Return a price that a subscription may take."""
    price = world.get("price", id, _PRICE)
    if not price["active"]:
        raise Refused(
            400, "The price specified is inactive. This field only accepts active prices.", param="items[0][price]"
        )
    if price["recurring"] is None:
        raise Refused(
            400, "The price specified is set to `type=one_time` but this field only accepts recurring prices."
        )
    if currency and price["currency"] != currency:
        raise Refused(
            400, f"The price is in {price['currency']}, the subscription in {currency}.", param="items[0][price]"
        )
    return price


def begin(
    world: World, customer: dict[str, Any], params: dict[str, Any], *, on_session: bool = False
) -> dict[str, Any]:
    """Make a subscription and its first invoice, and collect that."""
    items = params.pop("items", None) or []
    if not items:
        raise Refused(400, "Missing required param: items.", code="parameter_missing", param="items")
    currency = choosable(world, items[0].get("price", ""), None)["currency"]
    if customer["currency"] not in (None, currency):
        raise Refused(400, f"You cannot combine currencies on a single customer. This one has {customer['currency']}.")
    subscription = _bare(world, customer, currency)
    discounts, behaviour = params.pop("discounts", None) or [], params.pop("payment_behavior", "allow_incomplete")
    trial_days, prorate = params.pop("trial_period_days", None), params.pop("proration_behavior", "create_prorations")
    trial_end, anchor = params.pop("trial_end", None), params.pop("billing_cycle_anchor", None)
    take(subscription, params)
    _check_collection(subscription)
    made = [new_item(world, subscription, given) for given in items]
    if len({str(world.tables["price"][item["price"]]["recurring"]) for item in made}) > 1:
        raise Refused(400, "The double has not learned items of different intervals.")
    subscription["items"] = listed(made, f"/v1/subscription_items?subscription={subscription['id']}")
    redeem(world, discounts, subscription)
    trial_end = world.now + trial_days * DAY if trial_days else trial_end
    _set_periods(world, subscription, trial_end if isinstance(trial_end, int) else None, anchor)
    _may_pay(world, subscription, customer, behaviour)
    world.tables["subscription"][subscription["id"]] = subscription
    customer["currency"] = currency
    _first_invoice(world, subscription, customer, behaviour, anchor, prorate, on_session)
    return subscription


def _bare(world: World, customer: dict[str, Any], currency: str) -> dict[str, Any]:
    return blank(
        "subscription", object="subscription", id=world.new_id("subscription"), created=world.now, currency=currency,
        customer=customer["id"], start_date=world.now, status="active", collection_method="charge_automatically",
        invoice_settings=blank("subscriptions_resource_subscription_invoice_settings", issuer={"type": "self"}),
        automatic_tax={"enabled": False, "liability": None, "disabled_reason": None}, default_tax_rates=[],
        billing_mode={"type": "flexible", "flexible": {"proration_discounts": "included"}, "updated_at": world.now},
        payment_settings=blank("subscriptions_resource_payment_settings", save_default_payment_method="off"),
        cancellation_details=blank("cancellation_details"), test_clock=customer["test_clock"],
        trial_settings={"end_behavior": {"missing_payment_method": "create_invoice"}},
    )  # fmt: skip


def take(subscription: dict[str, Any], params: dict[str, Any]) -> None:
    """Take over the parameters that are fields as well."""
    params.pop("off_session", None)
    for name in ("automatic_tax", "payment_settings", "trial_settings"):
        if name in params:
            subscription[name] = {**subscription[name], **params.pop(name)}
    if subscription["automatic_tax"]["enabled"] and not subscription["automatic_tax"].get("liability"):
        subscription["automatic_tax"]["liability"] = {"type": "self"}
    merged(subscription, params)


def _check_collection(subscription: dict[str, Any]) -> None:
    sent = subscription["collection_method"] == "send_invoice"
    if sent and subscription["days_until_due"] is None:
        raise Refused(400, "Missing required param: days_until_due.", code="parameter_missing", param="days_until_due")


def _set_periods(world: World, subscription: dict[str, Any], trial_end: int | None, anchor: int | None) -> None:
    if trial_end and trial_end > world.now:
        subscription |= {"status": "trialing", "trial_start": world.now, "trial_end": trial_end}
        start, end, anchor = world.now, trial_end, trial_end
    elif anchor:
        start, end = world.now, anchor
    else:
        anchor = world.now
        start, end = period_around(anchor, recurring_of(world, subscription), world.now)
    subscription["billing_cycle_anchor"] = anchor
    set_period(subscription, start, end)


def set_period(subscription: dict[str, Any], start: int, end: int) -> None:
    """Let all items be in this period."""
    for item in subscription["items"]["data"]:
        item |= {"current_period_start": start, "current_period_end": end}


def period_of(subscription: dict[str, Any]) -> tuple[int, int]:
    """Return the period that its items are in."""
    item = subscription["items"]["data"][0]
    return item["current_period_start"], item["current_period_end"]


def _may_pay(world: World, subscription: dict[str, Any], customer: dict[str, Any], behaviour: str) -> None:
    items = subscription["items"]["data"]
    costs = any(amount_of(world.tables["price"][item["price"]], item["quantity"]) for item in items)
    charged = subscription["collection_method"] == "charge_automatically" and subscription["status"] != "trialing"
    if not costs or not charged or behaviour == "default_incomplete":
        return
    method = default_method(world, subscription, customer)
    if method is None:
        raise Refused(
            400, "This customer has no attached payment source or default payment method.", code="resource_missing"
        )
    why = outcome(world, method)
    if why and behaviour == "error_if_incomplete":
        raise not_paid(why, said(why))


def _first_invoice(
    world: World, subscription: dict[str, Any], customer: dict[str, Any], behaviour: str,
    anchor: int | None, prorate: str, on_session: bool,
) -> None:  # fmt: skip
    invoice = bill(world, subscription, customer, "subscription_create", free=subscription["status"] == "trialing")
    if anchor and subscription["status"] != "trialing":
        _shorten(world, subscription, invoice, anchor, prorate)
    charged = subscription["collection_method"] == "charge_automatically"
    if charged and invoice["amount_due"]:
        subscription["status"] = "incomplete"
    world.tell("customer.subscription.created", subscription)
    if not charged:
        await_finalising(world, invoice)
    elif behaviour == "default_incomplete" and invoice["amount_due"]:
        finalise(world, invoice)
        intent_of(world, invoice)
    else:
        collect_now(world, invoice, on_session=on_session)


def _shorten(world: World, subscription: dict[str, Any], invoice: dict[str, Any], anchor: int, prorate: str) -> None:
    """Let the first invoice count only the time until the anchor."""
    start, end = period_around(anchor, recurring_of(world, subscription), world.now)
    for line, item in zip(invoice["lines"]["data"], subscription["items"]["data"], strict=True):
        whole = amount_of(world.tables["price"][item["price"]], item["quantity"])
        line["amount"] = line["subtotal"] = 0 if prorate == "none" else prorated(whole, start, end, world.now)
    sum_up(world, invoice)


def bill(
    world: World, subscription: dict[str, Any], customer: dict[str, Any], reason: str, *, free: bool = False,
    whole_period: bool = True,
) -> dict[str, Any]:  # fmt: skip
    """Make a draft of what is pending, and of the present period."""
    pending = [row for row in world.rows("invoiceitem", invoice=None) if _is_of(row, subscription)]
    lines = [item_line(world, row) for row in pending]
    if whole_period:
        lines += [period_line(world, subscription, item, free) for item in subscription["items"]["data"]]
    start, end = period_of(subscription)
    before = (start, start) if reason == "subscription_create" else (subscription.get("_period_before") or (start, end))
    invoice = new_invoice(world, customer, subscription, reason, lines, tuple(before) if whole_period else (start, end))
    for row in pending:
        row["invoice"] = invoice["id"]
    invoice["_days_until_due"] = subscription["days_until_due"]
    subscription["latest_invoice"] = invoice["id"]
    if whole_period:
        share = _net_share(world, subscription)
        for item in subscription["items"]["data"]:
            item["_share"] = [0, 1] if free else [share.numerator, share.denominator]
    world.tell("invoice.created", invoice)
    if not free and whole_period:
        used(world, subscription)
    return invoice


def _is_of(row: dict[str, Any], subscription: dict[str, Any]) -> bool:
    details = row["parent"]["subscription_details"] if row["parent"] else {"subscription": None}
    return bool(details["subscription"] in (None, subscription["id"]) and row["customer"] == subscription["customer"])


def _net_share(world: World, subscription: dict[str, Any]) -> Fraction:
    """Return what percent coupons leave of a price: credits give back no more than was asked for."""
    share = Fraction(1)
    for discount in running(world, subscription):
        percent = world.tables["coupon"][discount["source"]["coupon"]]["percent_off"]
        share *= (100 - Fraction(str(percent or 0))) / 100
    return share


def end(world: World, subscription: dict[str, Any], reason: str) -> None:
    """Cancel now; what is still owed is not collected by itself any more, and no update waits."""
    drop(world, subscription)
    subscription |= {
        "status": "canceled",
        "ended_at": world.now,
        "canceled_at": subscription["canceled_at"] or world.now,
    }
    subscription["cancellation_details"]["reason"] = reason
    for invoice in world.rows("invoice", customer=subscription["customer"]):
        details = (invoice["parent"] or {}).get("subscription_details") or {}
        if details.get("subscription") == subscription["id"] and invoice["status"] in ("draft", "open"):
            invoice |= {"auto_advance": False, "next_payment_attempt": None, "automatically_finalizes_at": None}
    world.tell("customer.subscription.deleted", subscription)
