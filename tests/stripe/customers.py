"""Customers and their tax ids."""

from __future__ import annotations

import re
from typing import Any

from tests.stripe.catalogue import merged
from tests.stripe.errors import Refused
from tests.stripe.routes import PAGING, operation
from tests.stripe.shapes import SPECIAL, blank, listed, page
from tests.stripe.world import World

_FIELDS = (
    "name email description phone address shipping preferred_locales metadata invoice_settings tax_exempt balance "
    "invoice_prefix next_invoice_sequence business_name individual_name tax.ip_address tax.validate_location"
)


@operation("POST /v1/customers", f"{_FIELDS} test_clock payment_method tax_id_data")
def _make(world: World, params: dict[str, Any]) -> dict[str, Any]:
    if params.get("test_clock"):
        world.get("test_helpers.test_clock", params["test_clock"], "test_clock")
    tax_ids, method = params.pop("tax_id_data", []), params.pop("payment_method", None)
    customer = world.make(
        "customer", balance=0, delinquent=False, tax_exempt="none", preferred_locales=[], metadata={},
        invoice_settings=blank("invoice_setting_customer_setting"), next_invoice_sequence=1,
    )  # fmt: skip
    customer["invoice_prefix"] = customer["id"][-8:].upper()
    _take(customer, params)
    world.tell("customer.created", customer)
    if method:
        from tests.stripe.payment_methods import attach, named

        attach(world, named(world, method, "payment_method"), customer["id"])
    for given in tax_ids:
        _add_tax_id(world, customer["id"], given)
    return customer


def _take(customer: dict[str, Any], params: dict[str, Any]) -> None:
    if params.get("email") and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s.]+", params["email"]):
        raise Refused(400, f"Invalid email address: {params['email']}", code="email_invalid", param="email")
    params.pop("tax", None)
    settings = params.pop("invoice_settings", {})
    for name in ("address", "shipping"):
        if isinstance(params.get(name), dict):
            empty = blank("address") if name == "address" else {}
            params[name] = {**empty, **{key: value or None for key, value in params[name].items()}}
    customer["invoice_settings"] |= {name: value or None for name, value in settings.items()}
    merged(customer, params)


@operation("GET /v1/customers/{}")
def _one(world: World, id: str, params: dict[str, Any]) -> dict[str, Any]:
    if id in world.tables["customer"] and world.tables["customer"][id].get("_deleted"):
        return {"id": id, "object": "customer", "deleted": True}
    return world.get("customer", id)


@operation("POST /v1/customers/{}", _FIELDS)
def _change(world: World, id: str, params: dict[str, Any]) -> dict[str, Any]:
    customer = living(world, id, "id")
    method = params.get("invoice_settings", {}).get("default_payment_method")
    if method and world.get("payment_method", method, "invoice_settings[default_payment_method]")["customer"] != id:
        raise Refused(
            400, "The customer does not have a payment method with the ID " + method, param="invoice_settings"
        )
    _take(customer, params)
    world.tell("customer.updated", customer)
    return customer


@operation("DELETE /v1/customers/{}")
def _delete(world: World, id: str, params: dict[str, Any]) -> dict[str, Any]:
    from tests.stripe.subscriptions import end

    customer = living(world, id, "id")
    for subscription in world.rows("subscription", customer=id):
        if subscription["status"] not in ("canceled", "incomplete_expired"):
            end(world, subscription, "cancellation_requested")
    customer["_deleted"] = True
    world.tell("customer.deleted", customer)
    return {"id": id, "object": "customer", "deleted": True}


@operation("GET /v1/customers", f"email created test_clock {PAGING}")
def _all(world: World, params: dict[str, Any]) -> dict[str, Any]:
    wanted = {name: params[name] for name in ("email", "test_clock") if name in params}
    rows = [row for row in world.rows("customer", **wanted) if not row.get("_deleted")]
    return page(rows, params, "/v1/customers")


def living(world: World, id: str, param: str = "customer") -> dict[str, Any]:
    """Return a customer that is there and was not deleted."""
    customer = world.get("customer", id, param)
    if customer.get("_deleted"):
        world.get("customer", "", param)
    return customer


def _add_tax_id(world: World, customer_id: str, given: dict[str, Any]) -> dict[str, Any]:
    tax_id = world.make(
        "tax_id", customer=customer_id, type=given["type"], value=given["value"],
        country=given["value"][:2] if given["type"] == "eu_vat" else None,
        owner={"type": "customer", "customer": customer_id},
        verification={"status": "pending", "verified_address": None, "verified_name": None},
    )  # fmt: skip
    world.tell("customer.tax_id.created", tax_id)
    return tax_id


@operation("POST /v1/customers/{}/tax_ids", "type value")
def _make_tax_id(world: World, id: str, params: dict[str, Any]) -> dict[str, Any]:
    living(world, id, "id")
    return _add_tax_id(world, id, params)


@operation("GET /v1/customers/{}/tax_ids", PAGING)
def _tax_ids(world: World, id: str, params: dict[str, Any]) -> dict[str, Any]:
    return page(world.rows("tax_id", customer=world.get("customer", id)["id"]), params, f"/v1/customers/{id}/tax_ids")


@operation("DELETE /v1/customers/{}/tax_ids/{}")
def _delete_tax_id(world: World, id: str, tax_id: str, params: dict[str, Any]) -> dict[str, Any]:
    found = world.get("tax_id", tax_id)
    del world.tables["tax_id"][tax_id]
    world.tell("customer.tax_id.deleted", found)
    return {"id": tax_id, "object": "tax_id", "deleted": True}


SPECIAL["customer", "tax_ids"] = lambda world, customer: listed(
    world.rows("tax_id", customer=customer["id"]), f"/v1/customers/{customer['id']}/tax_ids"
)
SPECIAL["customer", "subscriptions"] = lambda world, customer: listed(
    [row for row in world.rows("subscription", customer=customer["id"]) if row["status"] != "canceled"],
    f"/v1/customers/{customer['id']}/subscriptions",
)
SPECIAL["customer", "tax"] = lambda world, customer: {
    "automatic_tax": "supported" if (customer["address"] or {}).get("country") else "unrecognized_location",
    "ip_address": None, "location": None, "provider": "stripe",
}  # fmt: skip
