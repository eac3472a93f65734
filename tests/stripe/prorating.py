"""Prorations: the credits and charges that a change within a period leaves behind, as invoice items."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from tests.stripe.arithmetic import amount_of, prorated
from tests.stripe.invoicing import pricing, spelled
from tests.stripe.subscriptions import _net_share, period_of
from tests.stripe.world import World

Shape = tuple[str, str, int, Fraction]
"""An item as it was: its id, its price, its quantity, and which share of that was paid."""


def shapes(subscription: dict[str, Any]) -> list[Shape]:
    """Return the items as they are."""
    return [
        (item["id"], item["price"], item["quantity"], Fraction(*item.get("_share", (1, 1))))
        for item in subscription["items"]["data"]
    ]


def prorate(world: World, subscription: dict[str, Any], before: list[Shape], moment: int) -> list[dict[str, Any]]:
    """Make items for what changed: what is unused of the old, then what the new costs until the period's end."""
    after = shapes(subscription)
    same = {shape[:3] for shape in before} & {shape[:3] for shape in after}
    share = _net_share(world, subscription)
    made = [_item(world, subscription, shape, moment, -shape[3], "Unused") for shape in before if shape[:3] not in same]
    for shape in after:
        if shape[:3] not in same:
            made.append(_item(world, subscription, shape, moment, share, "Remaining"))
            item = next(each for each in subscription["items"]["data"] if each["id"] == shape[0])
            item["_share"] = [share.numerator, share.denominator]
    return made


def credit_all(world: World, subscription: dict[str, Any], moment: int, before: list[Shape] | None = None) -> None:
    """Give back what is unused of all items."""
    for shape in before or shapes(subscription):
        _item(world, subscription, shape, moment, -shape[3], "Unused")


def _item(
    world: World, subscription: dict[str, Any], shape: Shape, moment: int, share: Fraction, word: str
) -> dict[str, Any]:
    item_id, price_id, quantity, _ = shape
    price = world.tables["price"][price_id]
    start, end = period_of(subscription)
    amount = prorated(amount_of(price, quantity) * share, start, end, moment)
    name = world.tables["product"][price["product"]]["name"]
    subject = name if quantity == 1 else f"{quantity} × {name}"
    made = world.make(
        "invoiceitem", amount=amount, currency=price["currency"], customer=subscription["customer"], date=world.now,
        description=f"{word} time on {subject} after {spelled(moment)}", discountable=False, discounts=[],
        period={"start": moment, "end": end}, pricing=pricing(price), proration=True, quantity=quantity,
        quantity_decimal=str(quantity), tax_rates=[], metadata={}, test_clock=subscription["test_clock"],
        net_amount=amount, invoice=None,
        parent={
            "type": "subscription_details",
            "subscription_details": {"subscription": subscription["id"], "subscription_item": item_id},
        },
    )  # fmt: skip
    world.tell("invoiceitem.created", made)
    return made
