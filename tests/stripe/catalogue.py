"""Products, prices, coupons and promotion codes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.stripe.errors import Refused
from tests.stripe.routes import PAGING, operation
from tests.stripe.shapes import SPECIAL, page
from tests.stripe.world import World

_PRODUCT = (
    "name active description metadata images marketing_features statement_descriptor tax_code unit_label url shippable"
)


def merged(held: dict[str, Any], params: dict[str, Any]) -> None:
    """Take over parameters: metadata is merged, where an empty value removes a key; an empty text removes a value."""
    for name, value in params.items():
        if name == "metadata":
            new = {**held["metadata"], **value} if value else {}
            held["metadata"] = {key: text for key, text in new.items() if text != ""}
        else:
            held[name] = None if value == "" else value


@operation("POST /v1/products", f"id {_PRODUCT}")
def _make_product(world: World, params: dict[str, Any]) -> dict[str, Any]:
    if params.get("id") in world.tables["product"]:
        raise Refused(400, "Product already exists.", code="resource_already_exists", param="id")
    product = world.make("product", id=params.pop("id", None), active=True, updated=world.now, type="service")
    merged(product, params)
    world.tell("product.created", product)
    return product


@operation("GET /v1/products/{}")
def _product(world: World, id: str, params: dict[str, Any]) -> dict[str, Any]:
    return world.get("product", id)


@operation("POST /v1/products/{}", f"{_PRODUCT} default_price")
def _change_product(world: World, id: str, params: dict[str, Any]) -> dict[str, Any]:
    product = world.get("product", id)
    if params.get("default_price"):
        world.get("price", params["default_price"], "default_price")
    merged(product, params)
    product["updated"] = world.now
    world.tell("product.updated", product)
    return product


@operation("DELETE /v1/products/{}")
def _delete_product(world: World, id: str, params: dict[str, Any]) -> dict[str, Any]:
    product = world.get("product", id)
    if world.rows("price", product=id):
        raise Refused(400, "This product cannot be deleted because it has one or more user-created prices.")
    del world.tables["product"][id]
    world.tell("product.deleted", product)
    return {"id": id, "object": "product", "deleted": True}


@operation("GET /v1/products", f"active ids created url shippable {PAGING}")
def _products(world: World, params: dict[str, Any]) -> dict[str, Any]:
    rows = world.rows("product", **{name: params[name] for name in ("active", "url", "shippable") if name in params})
    return page([row for row in rows if row["id"] in params.get("ids", [row["id"]])], params, "/v1/products")


@operation(
    "POST /v1/prices",
    "currency product product_data unit_amount unit_amount_decimal recurring billing_scheme tiers tiers_mode "
    "lookup_key transfer_lookup_key nickname metadata active tax_behavior",
)
def _make_price(world: World, params: dict[str, Any]) -> dict[str, Any]:
    data = params.pop("product_data", None)
    if not params.get("product"):
        if data is None:
            raise Refused(400, "Missing required param: product.", code="parameter_missing", param="product")
        params["product"] = _make_product(world, data)["id"]
    world.get("product", params["product"], "product")
    moves = params.pop("transfer_lookup_key", False)
    _take_lookup_key(world, params.get("lookup_key"), moves)
    recurring = params.pop("recurring", None)
    price = world.make("price", active=True, billing_scheme="per_unit", tax_behavior="unspecified")
    tiers = params.pop("tiers", None)
    merged(price, {**params, "currency": params["currency"].lower()})
    _set_amounts(price, params, tiers)
    price["type"] = "recurring" if recurring else "one_time"
    if recurring:
        usual = {"interval_count": 1, "meter": None, "usage_type": "licensed"}
        price["recurring"] = {**usual, **recurring}
    world.tell("price.created", price)
    return price


def _set_amounts(price: dict[str, Any], params: dict[str, Any], tiers: list[dict[str, Any]] | None) -> None:
    if price["billing_scheme"] == "tiered":
        if not tiers or not params.get("tiers_mode"):
            raise Refused(400, "Tiered prices need tiers and tiers_mode.", param="tiers")
        names = ("flat_amount", "flat_amount_decimal", "unit_amount", "unit_amount_decimal")
        price["_tiers"] = [
            {**{name: tier.get(name) for name in names}, "up_to": None if tier["up_to"] == "inf" else tier["up_to"]}
            for tier in tiers
        ]
        return
    if ("unit_amount" in params) == ("unit_amount_decimal" in params):
        raise Refused(400, "Exactly one of unit_amount and unit_amount_decimal is needed.", param="unit_amount")
    decimal = Decimal(str(params.get("unit_amount", params.get("unit_amount_decimal"))))
    price["unit_amount_decimal"] = format(decimal.normalize(), "f")
    price["unit_amount"] = int(decimal) if decimal == int(decimal) else None


def _take_lookup_key(world: World, key: str | None, moves: bool) -> None:
    for other in world.rows("price", lookup_key=key, active=True) if key else []:
        if not moves:
            raise Refused(
                400, f"A price (`{other['id']}`) already uses that lookup key.",
                code="resource_already_exists", param="lookup_key",
            )  # fmt: skip
        other["lookup_key"] = None
        world.tell("price.updated", other)


@operation("GET /v1/prices/{}")
def _price(world: World, id: str, params: dict[str, Any]) -> dict[str, Any]:
    return world.get("price", id)


@operation("POST /v1/prices/{}", "active lookup_key transfer_lookup_key nickname metadata tax_behavior")
def _change_price(world: World, id: str, params: dict[str, Any]) -> dict[str, Any]:
    price = world.get("price", id)
    moves = params.pop("transfer_lookup_key", False)
    if params.get("lookup_key") != price["lookup_key"]:
        _take_lookup_key(world, params.get("lookup_key"), moves)
    merged(price, params)
    world.tell("price.updated", price)
    return price


@operation("GET /v1/prices", f"active currency product lookup_keys type recurring created {PAGING}")
def _prices(world: World, params: dict[str, Any]) -> dict[str, Any]:
    if "product" in params:
        world.get("product", params["product"], "product")
    wanted = {name: params[name] for name in ("active", "currency", "product", "type") if name in params}
    rows = world.rows("price", **wanted)
    if "lookup_keys" in params:
        rows = [row for row in rows if row["lookup_key"] in params["lookup_keys"]]
    for name, value in params.get("recurring", {}).items():
        rows = [row for row in rows if row["recurring"] and row["recurring"].get(name) == value]
    return page(rows, params, "/v1/prices")


SPECIAL["price", "tiers"] = lambda world, price: world.tables["price"][price["id"]].get("_tiers")
