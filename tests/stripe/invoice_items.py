"""Invoice items: what is put on a customer's next invoice."""

from __future__ import annotations

from typing import Any

from tests.stripe.catalogue import merged
from tests.stripe.customers import living
from tests.stripe.errors import Refused
from tests.stripe.routes import PAGING, operation
from tests.stripe.shapes import page
from tests.stripe.world import World


@operation(
    "POST /v1/invoiceitems",
    "customer amount currency description subscription metadata period discountable",
)
def _make_item(world: World, params: dict[str, Any]) -> dict[str, Any]:
    customer = living(world, params["customer"])
    subscription, amount = params.pop("subscription", None), params.pop("amount", None)
    if amount is None:
        raise Refused(400, "The double has not learned invoice items without an amount.")
    parent = {
        "type": "subscription_details",
        "subscription_details": {"subscription": subscription, "subscription_item": None},
    }
    item = world.make(
        "invoiceitem", amount=amount, net_amount=amount, date=world.now, discountable=True, discounts=[], quantity=1,
        quantity_decimal="1", proration=False, tax_rates=[], metadata={}, invoice=None,
        test_clock=customer["test_clock"],
        period={"start": world.now, "end": world.now}, parent=parent if subscription else None,
    )  # fmt: skip
    merged(item, {**params, "currency": (params.get("currency") or customer["currency"] or "usd").lower()})
    world.tell("invoiceitem.created", item)
    return item


@operation("GET /v1/invoiceitems", f"customer invoice pending created {PAGING}")
def _items(world: World, params: dict[str, Any]) -> dict[str, Any]:
    wanted = {name: params[name] for name in ("customer", "invoice") if name in params}
    rows = world.rows("invoiceitem", **wanted)
    if "pending" in params:
        rows = [row for row in rows if (row["invoice"] is None) == params["pending"]]
    return page(rows, params, "/v1/invoiceitems")


@operation("DELETE /v1/invoiceitems/{}")
def _delete_item(world: World, id: str, params: dict[str, Any]) -> dict[str, Any]:
    item = world.get("invoiceitem", id)
    if item["invoice"]:
        raise Refused(400, "This invoice item belongs to an invoice already.")
    del world.tables["invoiceitem"][id]
    world.tell("invoiceitem.deleted", item)
    return {"id": id, "object": "invoiceitem", "deleted": True}
