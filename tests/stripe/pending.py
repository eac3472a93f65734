"""Updates that wait for a payment: docs.stripe.com/billing/subscriptions/pending-updates.

What a subscription would become is kept beside it, with the open invoice that is to be paid for it. Paid, it is
applied; voided, or after 23 hours, it is dropped. The subscription goes on meanwhile as if nobody had asked.
"""

from __future__ import annotations

from typing import Any

from tests.stripe.errors import Refused
from tests.stripe.payment_methods import default_method
from tests.stripe.shapes import blank
from tests.stripe.world import World

HOURS = 23
SUPPORTED = frozenset(
    {"items", "proration_behavior", "proration_date", "billing_cycle_anchor", "trial_end", "metadata"}
)
"""Parameters that such an update may have; `metadata` since 2026-05-27."""
CHANGES = frozenset({"items", "billing_cycle_anchor", "trial_end"})
"""Parameters that nobody knows the effect of while an update waits: the double takes them for a fault."""
_BANK_DEBITS = frozenset({"sepa_debit"})


def check(world: World, subscription: dict[str, Any], params: dict[str, Any]) -> None:
    """Raise Refused for what no update that waits may have, or where it is not paid by what can answer at once."""
    if unknown := params.keys() - SUPPORTED:
        names = ", ".join(sorted(unknown))
        raise Refused(400, f"Not supported with `pending_if_incomplete`: {names}.", param=min(unknown))
    if subscription["collection_method"] != "charge_automatically":
        raise Refused(400, "Pending updates need `collection_method=charge_automatically`.", param="payment_behavior")
    method = default_method(world, subscription, world.tables["customer"][subscription["customer"]])
    if method and method["type"] in _BANK_DEBITS:
        raise Refused(400, "Pending updates are not supported for bank debits.", param="payment_behavior")


def keep(world: World, subscription: dict[str, Any], before: dict[str, Any], borrowed: list[str]) -> None:
    """Put a subscription back to what it was, and keep what it has become until that is paid."""
    names = [name for name in subscription if name != "latest_invoice" and subscription[name] != before.get(name)]
    after = {name: subscription[name] for name in names}
    for name in names:
        if name in before:
            subscription[name] = before[name]
        else:
            del subscription[name]
    ends = min(item["current_period_end"] for item in subscription["items"]["data"])
    subscription["_pending"] = {"invoice": subscription["latest_invoice"], "after": after, "borrowed": borrowed}
    subscription["pending_update"] = blank(
        "subscriptions_resource_pending_update", expires_at=min(world.now + HOURS * 3_600, ends),
        subscription_items=after.get("items", subscription["items"])["data"],
        billing_cycle_anchor=after.get("billing_cycle_anchor"),
    )  # fmt: skip
    world.tell("customer.subscription.updated", subscription)


def waits_for(subscription: dict[str, Any], invoice: dict[str, Any]) -> bool:
    """Whether an invoice is the one that an update waits for."""
    return bool((subscription.get("_pending") or {}).get("invoice") == invoice["id"])


def apply(world: World, subscription: dict[str, Any]) -> None:
    """Let a subscription be what it was to become: it is paid."""
    subscription |= subscription.pop("_pending")["after"] | {"pending_update": None}
    world.tell("customer.subscription.pending_update_applied", subscription)
    world.tell("customer.subscription.updated", subscription)


def drop(world: World, subscription: dict[str, Any]) -> None:
    """Void the invoice and forget what was to become; what it had gathered of before is pending again."""
    from tests.stripe.collecting import give_up

    pending = subscription.pop("_pending", None)
    if pending is None:
        return
    subscription["pending_update"] = None
    invoice = world.tables["invoice"][pending["invoice"]]
    if invoice["status"] == "open":
        give_up(world, invoice, "void")
    for id in pending["borrowed"]:
        world.tables["invoiceitem"][id]["invoice"] = None
    world.tell("customer.subscription.pending_update_expired", subscription)
    world.tell("customer.subscription.updated", subscription)
