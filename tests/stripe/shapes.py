"""Objects as Stripe answers them: blank ones by its description, and how they are written out."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from typing import TYPE_CHECKING, Any

import orjson

from tests.stripe.description import components, expandable
from tests.stripe.errors import Refused

if TYPE_CHECKING:
    from tests.stripe.world import World

PREFIXES = {
    "billing_portal.configuration": "bpc_", "billing_portal.session": "bps_", "checkout.session": "cs_test_",
    "coupon": "", "customer": "cus_", "discount": "di_", "event": "evt_", "invoice": "in_", "invoice_payment": "inpay_",
    "invoiceitem": "ii_", "line_item": "il_", "payment_intent": "pi_", "payment_method": "pm_", "price": "price_",
    "product": "prod_", "promotion_code": "promo_", "setup_intent": "seti_", "subscription": "sub_",
    "subscription_item": "si_", "tax_id": "txi_", "test_helpers.test_clock": "clock_", "webhook_endpoint": "we_",
}  # fmt: skip

# What Stripe leaves out unless it is asked for it.
_LEFT_OUT = {
    ("invoice", "confirmation_secret"), ("invoice", "payments"), ("invoice", "threshold_reason"),
    ("checkout.session", "line_items"), ("price", "tiers"), ("price", "currency_options"), ("coupon", "applies_to"),
    ("coupon", "currency_options"), ("customer", "tax"), ("customer", "cash_balance"),
}  # fmt: skip


# Links to our own pages, held without the address we listen at: the next start may have another one.
_LINKS = {
    "invoice": ("hosted_invoice_url", "invoice_pdf"), "checkout.session": ("url",), "billing_portal.session": ("url",),
}  # fmt: skip


@cache
def _blank(name: str) -> dict[str, Any]:
    schema = components()[name]
    required = set(schema.get("required", []))
    made: dict[str, Any] = {}
    for key, described in schema["properties"].items():
        if (name, key) in _LEFT_OUT:
            continue
        if described.get("nullable"):
            made[key] = None
        elif key in required:
            made[key] = _emptiest(described)
    return made


def _emptiest(described: dict[str, Any]) -> Any:
    if described.get("nullable"):
        return None
    if "$ref" in described:
        return deepcopy(_blank(described["$ref"].rpartition("/")[2]))
    if described.get("enum"):
        return described["enum"][0]
    if described.get("type") == "object" and "data" in described.get("properties", {}):
        return {"object": "list", "data": [], "has_more": False, "url": ""}
    return {"array": [], "object": {}, "boolean": False, "integer": 0, "number": 0}.get(described.get("type", ""), "")


@cache
def _blank_text(name: str) -> bytes:
    return orjson.dumps(_blank(name))


def blank(name: str, **given: Any) -> dict[str, Any]:
    """Return an object with all fields that Stripe always sends, empty but for those given."""
    made: dict[str, Any] = orjson.loads(_blank_text(name))
    made.update(given)
    return made


def written(world: World, held: Any, expand: list[str] | None = None) -> Any:
    """Return an object as it is answered: without what the double notes for itself, with what is to be expanded."""
    answer = _plain(world, held)
    for path in expand or []:
        _expand(world, answer, path.split("."), path)
    return answer


def _plain(world: World, held: Any) -> Any:
    if isinstance(held, dict):
        plain = {key: _plain(world, value) for key, value in held.items() if not key.startswith("_")}
        if plain.get("object") == "subscription_item" and isinstance(held["price"], str):
            price = world.tables["price"][held["price"]]
            plain |= {"price": _plain(world, price), "plan": _plan(price)}
        for name in _LINKS.get(str(plain.get("object")), ()):
            if str(plain.get(name)).startswith("/"):
                plain[name] = world.base_url + plain[name]
        return plain
    return [_plain(world, each) for each in held] if isinstance(held, list) else held


def _plan(price: dict[str, Any]) -> dict[str, Any]:
    """Return what Stripe still says of a price in the words of former days."""
    same = ("id", "active", "billing_scheme", "created", "currency", "metadata", "nickname", "product", "tiers_mode")
    recurring = {name: price["recurring"][name] for name in ("interval", "interval_count", "meter", "usage_type")}
    amounts = {"amount": price["unit_amount"], "amount_decimal": price["unit_amount_decimal"]}
    return blank("plan", object="plan", **{name: price[name] for name in same}, **recurring, **amounts)


def _expand(world: World, node: Any, path: list[str], whole: str) -> None:
    if isinstance(node, list):
        for each in node:
            _expand(world, each, path, whole)
        return
    name, later = path[0], path[1:]
    if node.get("object") == "list" and name == "data":
        _expand(world, node["data"], later, whole)
        return
    kind = node.get("object", "")
    value = node.get(name)
    if value is None and (kind, name) in SPECIAL:
        value = node[name] = _plain(world, SPECIAL[kind, name](world, node))
    elif kind in PREFIXES and name not in expandable(kind):
        raise Refused(400, f"This property cannot be expanded ({whole}).", code="parameter_invalid", param="expand")
    elif isinstance(value, str):
        value = node[name] = _plain(world, world.anything(value))
    elif isinstance(value, list) and value and isinstance(value[0], str):
        value = node[name] = [_plain(world, world.anything(each)) for each in value]
    if later and value is not None:
        _expand(world, value, later, whole)


SPECIAL: dict[tuple[str, str], Any] = {}
"""What is only there when it is asked for: the object's and the field's name, and what makes it."""


def listed(data: list[Any], url: str, has_more: bool = False) -> dict[str, Any]:
    """Return a list object."""
    return {"object": "list", "data": data, "has_more": has_more, "url": url}


def page(rows: list[dict[str, Any]], params: dict[str, Any], url: str) -> dict[str, Any]:
    """Return one page of rows that come newest last: newest first, from the cursor on."""
    rows = [row for row in reversed(rows) if _within(row.get("created", row.get("date", 0)), params.get("created"))]
    limit = params.get("limit", 10)
    if not 1 <= limit <= 100:
        raise Refused(400, "Invalid limit: must be between 1 and 100", param="limit")
    ids = [row["id"] for row in rows]
    for cursor in ("starting_after", "ending_before"):
        if cursor in params and params[cursor] not in ids:
            raise Refused(400, f"No such object: '{params[cursor]}'", code="resource_missing", param=cursor)
    if "ending_before" in params:
        earlier = rows[: ids.index(params["ending_before"])]
        return listed(earlier[-limit:], url, len(earlier) > limit)
    start = ids.index(params["starting_after"]) + 1 if "starting_after" in params else 0
    return listed(rows[start : start + limit], url, len(rows) > start + limit)


def _within(moment: int, wanted: Any) -> bool:
    if wanted is None or isinstance(wanted, int):
        return wanted in (None, moment)
    tests = {"gt": moment.__gt__, "gte": moment.__ge__, "lt": moment.__lt__, "lte": moment.__le__}
    return all(tests[name](bound) for name, bound in wanted.items())
