"""Changes of a running subscription: its items, its rhythm, its trial, whether it ends."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from tests.stripe.arithmetic import period_around
from tests.stripe.collecting import collect_now
from tests.stripe.discounts import redeem
from tests.stripe.errors import Misused, Refused, not_paid
from tests.stripe.payment_methods import said
from tests.stripe.pending import CHANGES, check, drop, keep
from tests.stripe.prorating import Shape, credit_all, prorate, shapes
from tests.stripe.subscriptions import bill, choosable, new_item, period_of, recurring_of, set_period, take
from tests.stripe.world import World


def change(world: World, subscription: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
    """Carry out an update. With `error_if_incomplete` nothing stays of one whose payment is declined.

    With `pending_if_incomplete` such a one waits for its payment.
    """
    if subscription["status"] == "incomplete" and params.keys() - {"metadata", "default_payment_method", "description"}:
        raise Refused(400, "This subscription is incomplete: its first invoice has to be paid before.")
    behaviour = params.pop("payment_behavior", "allow_incomplete")
    if behaviour == "pending_if_incomplete":
        return _propose(world, subscription, params)
    if subscription["pending_update"] and CHANGES & params.keys():
        raise Misused(400, "The double has not learned to change items while an update waits for its payment.")
    if behaviour != "error_if_incomplete":
        _change(world, subscription, params)
        return subscription
    with world.forgotten(only_on=Refused):
        if why := _change(world, subscription, params):
            raise not_paid(why, said(why))
    return subscription


def _propose(world: World, subscription: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
    """Carry out an update if it is paid at once; else let it wait, in the place of one that waits already."""
    check(world, subscription, params)
    drop(world, subscription)
    id = subscription["id"]
    with world.forgotten():
        why = _change(world, subscription, deepcopy(params))
    subscription = world.get("subscription", id)
    if not why:
        _change(world, subscription, params)
        return subscription
    before = deepcopy(subscription)
    pending = [row["id"] for row in world.rows("invoiceitem", invoice=None)]
    subscription["_trying"] = True  # nobody hears of what it would be, and it owes nothing
    _change(world, subscription, params)
    del subscription["_trying"]
    invoice = subscription["latest_invoice"]
    borrowed = [one for one in pending if world.tables["invoiceitem"][one]["invoice"] == invoice]
    keep(world, subscription, before, borrowed)
    return subscription


def _change(world: World, subscription: dict[str, Any], params: dict[str, Any]) -> str:
    behaviour = params.pop("proration_behavior", "create_prorations")
    moment, given = params.pop("proration_date", world.now), params.pop("items", [])
    anchor, trial_end = params.pop("billing_cycle_anchor", {}), params.pop("trial_end", None)
    if anchor.get("type") == "timestamp":
        raise Refused(400, "The double has not learned to preview an anchor at a moment.")
    discounts = params.pop("discounts", None)
    before, rhythm = shapes(subscription), recurring_of(world, subscription)
    _check_method(world, subscription, params)
    _take_ending(world, subscription, params)
    take(subscription, params)
    items = _changed_items(world, subscription, given)
    start, end = period_of(subscription)
    if not start <= moment <= end:
        raise Refused(400, "proration_date must be within the current period.", param="proration_date")
    subscription["items"]["data"] = items
    set_period(subscription, start, end)
    if discounts is not None:
        redeem(world, discounts or [], subscription)
    restarts = recurring_of(world, subscription) != rhythm or anchor.get("type") == "now"
    why = _rebill(world, subscription, before, behaviour, moment, restarts, trial_end)
    world.tell("customer.subscription.updated", subscription)
    return why


def _rebill(
    world: World, subscription: dict[str, Any], before: list[Shape], behaviour: str, moment: int, restarts: bool,
    trial_end: Any,
) -> str:  # fmt: skip
    """Do what the change asks of money; return why a payment was declined."""
    trialing = subscription["status"] == "trialing"
    if isinstance(trial_end, int) and trial_end > world.now:
        if not trialing and behaviour != "none":
            credit_all(world, subscription, moment, before)
        subscription |= {"status": "trialing", "trial_end": trial_end, "billing_cycle_anchor": trial_end}
        subscription["trial_start"] = subscription["trial_start"] if trialing else world.now
        set_period(subscription, world.now if not trialing else period_of(subscription)[0], trial_end)
        return ""
    if trialing and trial_end is None:
        return ""
    if trialing or restarts:
        if not trialing and behaviour != "none":
            credit_all(world, subscription, moment, before)
        return restart(world, subscription)
    made = prorate(world, subscription, before, moment) if behaviour != "none" else []
    if made and behaviour == "always_invoice":
        customer = world.tables["customer"][subscription["customer"]]
        return collect_now(world, bill(world, subscription, customer, "subscription_update", whole_period=False))
    return ""


def restart(world: World, subscription: dict[str, Any]) -> str:
    """Begin a new period now and bill it at once; return why that was declined."""
    if subscription["status"] in ("trialing", "paused"):
        subscription |= {"status": "active", "trial_end": min(subscription["trial_end"] or world.now, world.now)}
    before = period_of(subscription)
    subscription["billing_cycle_anchor"] = world.now
    set_period(subscription, *period_around(world.now, recurring_of(world, subscription), world.now))
    subscription["_period_before"] = (before[0], world.now)
    if subscription["cancel_at_period_end"]:
        subscription["cancel_at"] = period_of(subscription)[1]
    customer = world.tables["customer"][subscription["customer"]]
    return collect_now(world, bill(world, subscription, customer, "subscription_update"))


def _check_method(world: World, subscription: dict[str, Any], params: dict[str, Any]) -> None:
    if id := params.get("default_payment_method"):
        method = world.get("payment_method", id, "default_payment_method")
        if method["customer"] != subscription["customer"]:
            raise Refused(400, "The payment method does not belong to the customer.", param="default_payment_method")


def _take_ending(world: World, subscription: dict[str, Any], params: dict[str, Any]) -> None:
    subscription["cancellation_details"] |= params.pop("cancellation_details", {})
    if "cancel_at" in params and not isinstance(params["cancel_at"], int | str):
        raise Refused(400, "Invalid cancel_at.", param="cancel_at")
    if isinstance(params.get("cancel_at"), str) and params["cancel_at"]:
        params["cancel_at"] = period_of(subscription)[1]
    stops = params.get("cancel_at_period_end")
    if stops is True or params.get("cancel_at"):
        subscription["canceled_at"] = world.now
        subscription["cancellation_details"]["reason"] = "cancellation_requested"
    if stops is True:
        subscription["cancel_at"] = period_of(subscription)[1]
    elif (stops is False and subscription["cancel_at_period_end"]) or params.get("cancel_at") == "":
        subscription |= {"canceled_at": None, "cancel_at": None}
        subscription["cancellation_details"] = dict.fromkeys(subscription["cancellation_details"])


def _changed_items(world: World, subscription: dict[str, Any], given: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the items after the change; those held are left alone until all of it was found to be allowed."""
    items = {item["id"]: deepcopy(item) for item in subscription["items"]["data"]}
    for each in given:
        if unknown := each.keys() - {"id", "price", "quantity", "deleted", "metadata"}:
            raise Refused(400, f"The double has not learned items[{min(unknown)}].")
        if "id" not in each:
            _refuse_twice(items, each)
            made = new_item(world, subscription, each)
            items[made["id"]] = made
            continue
        if each["id"] not in items:
            raise Refused(400, f"No such subscription item: '{each['id']}'", code="resource_missing", param="items")
        item = items[each["id"]]
        if each.get("deleted"):
            del items[each["id"]]
            continue
        if "price" in each and each["price"] != item["price"]:
            item["price"] = choosable(world, each["price"], subscription["currency"])["id"]
            item["quantity"] = 1  # as the description says of a price that changes without a quantity
        item["quantity"] = each.get("quantity", item["quantity"])
        item["metadata"] |= each.get("metadata") or {}
    if not items:
        raise Refused(400, "A subscription must have at least one active item.")
    if len({str(world.tables["price"][item["price"]]["recurring"]) for item in items.values()}) > 1:
        raise Refused(400, "The double has not learned items of different intervals.")
    return list(items.values())


def _refuse_twice(items: dict[str, dict[str, Any]], each: dict[str, Any]) -> None:
    if any(item["price"] == each.get("price") for item in items.values()):
        raise Refused(400, "Cannot add multiple subscription items with the same price.", param="items")
