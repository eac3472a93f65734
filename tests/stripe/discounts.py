"""Coupons, promotion codes, and the discounts that they become."""

from __future__ import annotations

from typing import Any

from tests.stripe.arithmetic import later
from tests.stripe.catalogue import merged
from tests.stripe.errors import Refused, missing
from tests.stripe.routes import PAGING, operation
from tests.stripe.shapes import page
from tests.stripe.world import World


@operation(
    "POST /v1/coupons",
    "id name percent_off amount_off currency duration duration_in_months max_redemptions redeem_by metadata",
)
def _make_coupon(world: World, params: dict[str, Any]) -> dict[str, Any]:
    if ("percent_off" in params) == ("amount_off" in params):
        raise Refused(400, "Exactly one of percent_off and amount_off is needed.", param="percent_off")
    if "amount_off" in params and "currency" not in params:
        raise Refused(400, "Missing required param: currency.", code="parameter_missing", param="currency")
    if params.get("id") in world.tables["coupon"]:
        raise Refused(400, "Coupon already exists.", code="resource_already_exists", param="id")
    coupon = world.make("coupon", id=params.pop("id", None), valid=True, times_redeemed=0, duration="once", metadata={})
    merged(coupon, params)
    if coupon["duration"] == "repeating" and not coupon["duration_in_months"]:
        raise Refused(400, "A repeating coupon needs duration_in_months.", param="duration_in_months")
    world.tell("coupon.created", coupon)
    return coupon


@operation("GET /v1/coupons/{}")
def _coupon(world: World, id: str, params: dict[str, Any]) -> dict[str, Any]:
    coupon = world.get("coupon", id)
    if coupon.get("_deleted"):
        raise missing("coupon", id)
    return coupon


@operation("POST /v1/coupons/{}", "name metadata")
def _change_coupon(world: World, id: str, params: dict[str, Any]) -> dict[str, Any]:
    coupon = world.get("coupon", id)
    merged(coupon, params)
    world.tell("coupon.updated", coupon)
    return coupon


@operation("DELETE /v1/coupons/{}")
def _delete_coupon(world: World, id: str, params: dict[str, Any]) -> dict[str, Any]:
    coupon = world.get("coupon", id)
    coupon |= {"valid": False, "_deleted": True}  # discounts that were given go on
    world.tell("coupon.deleted", coupon)
    return {"id": id, "object": "coupon", "deleted": True}


@operation("GET /v1/coupons", f"created {PAGING}")
def _coupons(world: World, params: dict[str, Any]) -> dict[str, Any]:
    return page([row for row in world.rows("coupon") if not row.get("_deleted")], params, "/v1/coupons")


@operation(
    "POST /v1/promotion_codes",
    "promotion code active customer expires_at max_redemptions metadata restrictions.first_time_transaction",
)
def _make_code(world: World, params: dict[str, Any]) -> dict[str, Any]:
    coupon = world.get("coupon", params["promotion"].get("coupon", ""), "promotion[coupon]")
    text = params.pop("code", None) or f"CODE{world.counter:06}"
    if [row for row in world.rows("promotion_code", active=True) if row["code"].upper() == text.upper()]:
        raise Refused(400, "An active promotion code with that code already exists.", param="code")
    params.pop("promotion")
    restrictions = {
        "first_time_transaction": False, "minimum_amount": None, "minimum_amount_currency": None,
    } | params.pop("restrictions", {})  # fmt: skip
    code = world.make(
        "promotion_code", code=text, active=True, times_redeemed=0, metadata={}, restrictions=restrictions,
        promotion={"type": "coupon", "coupon": coupon["id"]},
    )  # fmt: skip
    merged(code, params)
    world.tell("promotion_code.created", code)
    return code


@operation("GET /v1/promotion_codes/{}")
def _code(world: World, id: str, params: dict[str, Any]) -> dict[str, Any]:
    return world.get("promotion_code", id)


@operation("POST /v1/promotion_codes/{}", "active metadata")
def _change_code(world: World, id: str, params: dict[str, Any]) -> dict[str, Any]:
    code = world.get("promotion_code", id)
    merged(code, params)
    world.tell("promotion_code.updated", code)
    return code


@operation("GET /v1/promotion_codes", f"active code coupon customer created {PAGING}")
def _codes(world: World, params: dict[str, Any]) -> dict[str, Any]:
    wanted = {name: params[name] for name in ("active", "code", "customer") if name in params}
    rows = world.rows("promotion_code", **wanted)
    rows = [row for row in rows if row["promotion"]["coupon"] == params.get("coupon", row["promotion"]["coupon"])]
    return page(rows, params, "/v1/promotion_codes")


def usable(world: World, coupon: dict[str, Any], currency: str) -> str:
    """Return why a coupon cannot be redeemed now, "" where it can."""
    if not coupon["valid"] or (coupon["redeem_by"] and coupon["redeem_by"] <= world.now):
        return "This coupon has expired."
    if coupon["max_redemptions"] and coupon["times_redeemed"] >= coupon["max_redemptions"]:
        return "This coupon has been used up."
    if coupon["currency"] and coupon["currency"] != currency:
        return f"This coupon is of another currency than {currency}."
    return ""


def code_named(world: World, text: str) -> dict[str, Any] | None:
    """Return the promotion code that a person may use now by what they typed."""
    for row in world.rows("promotion_code", active=True):
        used_up = row["max_redemptions"] and row["times_redeemed"] >= row["max_redemptions"]
        expired = row["expires_at"] and row["expires_at"] <= world.now
        if row["code"].upper() == text.strip().upper() and not used_up and not expired:
            return row
    return None


def redeem(world: World, given: list[dict[str, Any]], subscription: dict[str, Any]) -> None:
    """Give a subscription exactly these discounts: a `coupon`, a `promotion_code`, or a `discount` that it has."""
    kept = []
    for each in given:
        if each.get("discount"):
            kept.append(world.get("discount", each["discount"], "discounts")["id"])
            continue
        code = world.get("promotion_code", each["promotion_code"], "discounts") if each.get("promotion_code") else None
        id = code["promotion"]["coupon"] if code else each["coupon"]
        coupon = world.get("coupon", id, "discounts")
        if why := usable(world, coupon, subscription["currency"]):
            raise Refused(400, why, code="coupon_expired", param="discounts")
        months = coupon["duration_in_months"] if coupon["duration"] == "repeating" else None
        discount = world.make(
            "discount", customer=subscription["customer"], subscription=subscription["id"], start=world.now,
            end=later(world.now, "month", months) if months else None, source={"type": "coupon", "coupon": id},
            promotion_code=code["id"] if code else None,
        )  # fmt: skip
        for counted in (coupon, code):
            if counted:
                counted["times_redeemed"] += 1
        world.tell("customer.discount.created", discount)
        kept.append(discount["id"])
    subscription["discounts"] = kept


def running(world: World, subscription: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the discounts that count for an invoice made now."""
    found = [world.tables["discount"][id] for id in subscription["discounts"]]
    return [each for each in found if each["end"] is None or each["end"] > world.now]


def coupon_of(world: World, discount: dict[str, Any]) -> dict[str, Any]:
    """Return the coupon a discount came from."""
    return world.tables["coupon"][discount["source"]["coupon"]]


def used(world: World, subscription: dict[str, Any]) -> None:
    """After an invoice was made: let go of what counts once or is over."""
    for id in list(subscription["discounts"]):
        discount = world.tables["discount"][id]
        once = coupon_of(world, discount)["duration"] == "once"
        if once or (discount["end"] is not None and discount["end"] <= world.now):
            subscription["discounts"].remove(id)
            discount["end"] = discount["end"] or world.now
            world.tell("customer.discount.deleted", discount)
