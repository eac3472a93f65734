"""Checkout: sessions, and what comes of a person who fills one in."""

from __future__ import annotations

from typing import Any

from tests.stripe.arithmetic import amount_of, rounded
from tests.stripe.customers import living
from tests.stripe.errors import Refused
from tests.stripe.payment_methods import usual
from tests.stripe.routes import PAGING, operation
from tests.stripe.shapes import SPECIAL, blank, listed, page
from tests.stripe.subscriptions import choosable
from tests.stripe.world import DAY, World

_KNOWN = (
    "mode customer customer_email client_reference_id line_items success_url cancel_url return_url ui_mode metadata "
    "locale allow_promotion_codes discounts automatic_tax tax_id_collection customer_update billing_address_collection "
    "allowed_payment_method_types payment_method_collection expires_at currency saved_payment_method_options "
    "subscription_data.metadata subscription_data.trial_period_days subscription_data.trial_end "
    "subscription_data.description subscription_data.billing_cycle_anchor subscription_data.proration_behavior "
    "subscription_data.trial_settings setup_intent_data.metadata setup_intent_data.description"
)


@operation("POST /v1/checkout/sessions", _KNOWN)
def _make_session(world: World, params: dict[str, Any]) -> dict[str, Any]:
    mode = params.get("mode", "payment")
    if mode == "payment":
        raise Refused(400, "The double has not learned the mode payment.", param="mode")
    customer = living(world, params["customer"]) if "customer" in params else None
    _check(world, params, mode, customer)
    items = [_line(world, given) for given in params.get("line_items", [])]
    currency = items[0]["currency"] if items else params.get("currency")
    # What is allowed and does not fit is left out without a word: docs.stripe.com/changelog/endive/2026-09-30.
    offered = [kind for kind in usual(currency) if kind in params.get("allowed_payment_method_types", [kind])]
    if not offered:
        raise Refused(400, "No payment method fits this Checkout Session.", param="allowed_payment_method_types")
    session = world.make("checkout.session", mode=mode, status="open", payment_status="unpaid", currency=currency)
    total = sum(item["amount_total"] for item in items) if items else None
    session |= {
        name: params[name]
        for name in (
            "customer", "customer_email", "client_reference_id", "success_url", "cancel_url", "return_url", "locale",
            "metadata", "allow_promotion_codes", "billing_address_collection", "saved_payment_method_options",
        ) if name in params
    }  # fmt: skip
    session |= {
        "ui_mode": params.get("ui_mode", "hosted_page"), "expires_at": params.get("expires_at", world.now + DAY),
        "payment_method_types": offered,
        "metadata": params.get("metadata") or {},
        "payment_method_collection": params.get("payment_method_collection", "always"),
        "amount_subtotal": total, "amount_total": total, "customer_details": _details(session, customer),
        "automatic_tax": blank("payment_pages_checkout_session_automatic_tax") | params.get("automatic_tax", {}),
        "tax_id_collection": {"enabled": False, "required": "never"} | params.get("tax_id_collection", {}),
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "_items": items, "_data": params.get("subscription_data", {}), "_discounts": params.get("discounts", []),
        "_update": params.get("customer_update", {}),
    }  # fmt: skip
    if mode == "setup":
        session["payment_status"] = "no_payment_required"
        session["setup_intent"] = _setup_intent(world, session, params.get("setup_intent_data", {}))["id"]
    if session["ui_mode"] == "hosted_page":
        session["url"] = f"/c/pay/{session['id']}"
    else:
        session["client_secret"] = f"{session['id']}_secret_double"
    return session


def _check(world: World, params: dict[str, Any], mode: str, customer: dict[str, Any] | None) -> None:
    if params.get("ui_mode", "hosted_page") == "hosted_page" and "success_url" not in params:
        raise Refused(400, "Missing required param: success_url.", code="parameter_missing", param="success_url")
    if params.get("ui_mode") == "embedded_page" and "return_url" not in params:
        raise Refused(400, "Missing required param: return_url.", code="parameter_missing", param="return_url")
    if mode == "subscription" and not params.get("line_items"):
        raise Refused(400, "Missing required param: line_items.", code="parameter_missing", param="line_items")
    if params.get("allow_promotion_codes") and params.get("discounts"):
        raise Refused(400, "You may only specify one of these parameters: allow_promotion_codes, discounts.")
    expires = params.get("expires_at", world.now + DAY)
    if not world.now + 1_800 <= expires <= world.now + DAY:
        raise Refused(
            400, "The `expires_at` timestamp must be between 30 minutes and 24 hours from now.", param="expires_at"
        )
    updates = params.get("customer_update", {})
    if updates and customer is None:
        raise Refused(400, "`customer_update` can only be used with `customer`.", param="customer_update")
    if customer is None:
        return
    placed = (customer["address"] or {}).get("country") or updates.get("address") == "auto"
    if params.get("automatic_tax", {}).get("enabled") and not placed:
        raise Refused(
            400, "Automatic tax calculation in Checkout requires a valid address on the Customer.",
            code="customer_tax_location_invalid",
        )  # fmt: skip
    if params.get("tax_id_collection", {}).get("enabled") and updates.get("name") != "auto":
        raise Refused(
            400, "Tax ID collection requires updating business name on the customer.", param="customer_update"
        )


def _line(world: World, given: dict[str, Any]) -> dict[str, Any]:
    if unknown := given.keys() - {"price", "quantity", "adjustable_quantity"}:
        raise Refused(400, f"The double has not learned line_items[{min(unknown)}].")
    price = choosable(world, given.get("price", ""), None)
    amount = rounded(amount_of(price, given.get("quantity", 1)))
    return blank(
        "item", id=world.new_id("line_item"), object="item", price=price, quantity=given.get("quantity", 1),
        currency=price["currency"], amount_subtotal=amount, amount_total=amount, amount_discount=0, amount_tax=0,
        description=world.tables["product"][price["product"]]["name"], adjustable_quantity=None,
    )  # fmt: skip


def _details(session: dict[str, Any], customer: dict[str, Any] | None) -> dict[str, Any] | None:
    email = customer["email"] if customer else session.get("customer_email")
    if customer is None and email is None:
        return None
    return blank("payment_pages_checkout_session_customer_details", email=email)


def _setup_intent(world: World, session: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    intent = world.make(
        "setup_intent", customer=session.get("customer"), status="requires_payment_method", usage="off_session",
        payment_method_types=session["payment_method_types"] or ["card"], metadata=data.get("metadata") or {},
        description=data.get("description"),
    )  # fmt: skip
    intent["client_secret"] = f"{intent['id']}_secret_double"
    return intent


@operation("GET /v1/checkout/sessions/{}")
def _session(world: World, id: str, params: dict[str, Any]) -> dict[str, Any]:
    return world.get("checkout.session", id)


@operation("GET /v1/checkout/sessions/{}/line_items", PAGING)
def _line_items(world: World, id: str, params: dict[str, Any]) -> dict[str, Any]:
    return listed(world.get("checkout.session", id)["_items"], f"/v1/checkout/sessions/{id}/line_items")


@operation("GET /v1/checkout/sessions", f"customer status subscription payment_intent created {PAGING}")
def _sessions(world: World, params: dict[str, Any]) -> dict[str, Any]:
    wanted = {name: params[name] for name in ("customer", "status", "subscription") if name in params}
    return page(world.rows("checkout.session", **wanted), params, "/v1/checkout/sessions")


@operation("POST /v1/checkout/sessions/{}/expire")
def _expire(world: World, id: str, params: dict[str, Any]) -> dict[str, Any]:
    session = world.get("checkout.session", id)
    if session["status"] != "open":
        raise Refused(
            400, f'Only Checkout Sessions with a status in ["open"] can be expired; it is {session["status"]}.'
        )
    session |= {"status": "expired", "url": None}
    world.tell("checkout.session.expired", session)
    return session


SPECIAL["checkout.session", "line_items"] = lambda world, session: listed(
    world.tables["checkout.session"][session["id"]]["_items"], f"/v1/checkout/sessions/{session['id']}/line_items"
)
