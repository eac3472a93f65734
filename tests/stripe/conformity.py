"""Answers held against Stripe's description and against the types of the stripe package, for the double's own tests."""

from __future__ import annotations

import inspect
from functools import cache
from typing import Any

import jsonschema_rs
import stripe

from tests.stripe.description import answer_schema, components

CLASSES: dict[str, type] = {
    "billing_portal.configuration": stripe.billing_portal.Configuration,
    "billing_portal.session": stripe.billing_portal.Session,
    "checkout.session": stripe.checkout.Session,
    "coupon": stripe.Coupon,
    "customer": stripe.Customer,
    "discount": stripe.Discount,
    "event": stripe.Event,
    "invoice": stripe.Invoice,
    "invoice_payment": stripe.InvoicePayment,
    "invoiceitem": stripe.InvoiceItem,
    "item": stripe.LineItem,
    "line_item": stripe.InvoiceLineItem,
    "payment_intent": stripe.PaymentIntent,
    "payment_method": stripe.PaymentMethod,
    "plan": stripe.Plan,
    "price": stripe.Price,
    "product": stripe.Product,
    "promotion_code": stripe.PromotionCode,
    "setup_intent": stripe.SetupIntent,
    "subscription": stripe.Subscription,
    "subscription_item": stripe.SubscriptionItem,
    "tax_id": stripe.TaxId,
    "test_helpers.test_clock": stripe.test_helpers.TestClock,
    "webhook_endpoint": stripe.WebhookEndpoint,
}


def _as_json_schema(node: Any) -> Any:
    """Return OpenAPI 3.0's dialect as JSON Schema: `nullable` becomes a type of its own."""
    if isinstance(node, list):
        return [_as_json_schema(each) for each in node]
    if not isinstance(node, dict):
        return node
    if _foreign(node.get("$ref", "")):
        return {"type": "object"}
    plain = {key: _as_json_schema(value) for key, value in node.items() if key not in ("nullable", "format", "title")}
    if node.get("nullable") is True:
        return {"anyOf": [plain, {"type": "null"}]}
    return plain


def _foreign(reference: str) -> bool:
    """Whether a reference is to an object that the double never makes: following it costs, and says nothing."""
    name = reference.rpartition("/")[2]
    schema = components().get(name, {})
    return "enum" in schema.get("properties", {}).get("object", {}) and name not in CLASSES and "deleted" not in name


@cache
def _all() -> dict[str, Any]:
    found: dict[str, Any] = _as_json_schema(components())
    return found


@cache
def _validator() -> Any:
    """Return one for all objects: `{"price": {…}}` is held against the schema of a price."""
    properties = {name: {"$ref": f"#/components/schemas/{name}"} for name in [*CLASSES, *_DELETED]}
    return jsonschema_rs.Draft202012Validator({"properties": properties, "components": {"schemas": _all()}})


_DELETED = ("deleted_customer", "deleted_product", "deleted_coupon", "deleted_invoice", "deleted_webhook_endpoint")


def against_description(operation: str, answer: dict[str, Any]) -> list[str]:
    """Return what of an answer the description does not allow."""
    if answer["object"] == "list":
        return [fault for each in answer["data"] for fault in object_against_description(each)]
    faults = object_against_description(answer)
    if f'/{_name_of(answer)}"' not in str(answer_schema(operation)).replace("'", '"'):
        faults.append(f"{operation} answers with a {answer['object']}")
    return faults


def object_against_description(held: dict[str, Any]) -> list[str]:
    """Return what of an object the description does not allow."""
    return [_said(error) for error in _validator().iter_errors({_name_of(held): held})]


def _name_of(held: dict[str, Any]) -> str:
    return f"deleted_{held['object']}" if held.get("deleted") else str(held["object"])


def _said(error: Any) -> str:
    return f"{'/'.join(str(step) for step in error.instance_path)}: {str(error.message)[:200]}"


def against_types(held: Any) -> list[str]:
    """Return which fields of an object, and of those within it, the package's types demand or do not know."""
    if isinstance(held, list):
        return [fault for each in held for fault in against_types(each)]
    if not isinstance(held, dict):
        return []
    faults = [fault for value in held.values() for fault in against_types(value)]
    kind = held.get("object")
    known = CLASSES.get(kind) if isinstance(kind, str) and not held.get("deleted") else None
    if known is None:
        return faults
    name, hints = held["object"], _hints(known)
    faults += [f"{name}.{field} is missing" for field, optional in hints.items() if not optional and field not in held]
    return faults + [f"{name}.{field} is unknown" for field in held if field not in hints]


@cache
def _hints(known: type) -> dict[str, bool]:
    """Return the fields of one of the package's classes, and whether each may be absent."""
    found: dict[str, bool] = {}
    for base in reversed(known.__mro__):
        for field, hint in inspect.get_annotations(base).items():
            words = hint if isinstance(hint, str) else str(hint)
            if not field.startswith("_") and "ClassVar" not in words and base.__module__.startswith("stripe."):
                found[field] = "Optional[" in words or "NoneType" in words
    return found
