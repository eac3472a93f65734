"""Checkout being filled in by a person: what is paid, and what comes of it."""

from __future__ import annotations

from typing import Any

from tests.stripe.customers import _add_tax_id, _make, living
from tests.stripe.discounts import code_named, usable
from tests.stripe.errors import Refused, declined
from tests.stripe.payment_methods import attach, kind_of, new_method, refusal, said
from tests.stripe.shapes import blank
from tests.stripe.subscriptions import begin
from tests.stripe.world import World


def complete(
    world: World, session: dict[str, Any], card: str, *, code: str = "", address: dict[str, str] | None = None,
    name: str = "", tax_id: tuple[str, str] | None = None, email: str = "",
) -> dict[str, Any]:  # fmt: skip
    """Do what a person does who fills the page in. Raises Refused where the card is declined or a code is no good."""
    if session["status"] != "open":
        raise Refused(400, f"This Checkout Session is {session['status']}.")
    discounts = list(session["_discounts"])
    if code:
        discounts = [_promotion(world, session, code)]
    if kind_of(card) not in session["payment_method_types"]:
        raise Refused(400, f"This page does not offer {kind_of(card)}.")
    why = refusal(card, on_session=True) if card != "fails_later" else ""
    if why:
        raise declined(why, said(why))
    customer = _customer(world, session, email)
    _fill_in(world, session, customer, address, name, tax_id)
    billing = {"name": name or customer["name"], "email": customer["email"]}
    if address:
        billing["address"] = blank("address") | address  # type: ignore[assignment]
    method = attach(world, new_method(world, card, billing), customer["id"], set_up=True)
    if session["mode"] == "setup":
        intent = world.tables["setup_intent"][session["setup_intent"]]
        intent |= {"status": "succeeded", "payment_method": method["id"], "customer": customer["id"]}
        world.tell("setup_intent.succeeded", intent)
    else:
        _subscribe(world, session, customer, method, discounts, once_fails=card == "fails_later")
    session |= {"status": "complete", "url": None, "customer": customer["id"]}
    session["customer_details"] |= {
        "email": customer["email"],
        "name": customer["name"],
        "address": customer["address"],
    }
    world.tell("checkout.session.completed", session)
    return session


def _promotion(world: World, session: dict[str, Any], text: str) -> dict[str, Any]:
    found = code_named(world, text) if session["allow_promotion_codes"] else None
    coupon = world.tables["coupon"][found["promotion"]["coupon"]] if found else None
    if found is None or coupon is None or usable(world, coupon, session["currency"]):
        raise Refused(400, "This code is invalid.", param="promotion_code")
    return {"promotion_code": found["id"]}


def _customer(world: World, session: dict[str, Any], email: str) -> dict[str, Any]:
    if session["customer"]:
        return living(world, session["customer"])
    made = _make(world, {"email": email or session["customer_email"] or "somebody@example.com"})
    session["customer_details"] = blank("payment_pages_checkout_session_customer_details", email=made["email"])
    return made


def _fill_in(
    world: World, session: dict[str, Any], customer: dict[str, Any], address: dict[str, str] | None, name: str,
    tax_id: tuple[str, str] | None,
) -> None:  # fmt: skip
    if address and session["_update"].get("address") == "auto":
        customer["address"] = blank("address") | address
    if name and session["_update"].get("name") == "auto":
        customer["name"] = name
    if tax_id and session["tax_id_collection"]["enabled"]:
        _add_tax_id(world, customer["id"], {"type": tax_id[0], "value": tax_id[1]})
    world.tell("customer.updated", customer)


def _subscribe(
    world: World, session: dict[str, Any], customer: dict[str, Any], method: dict[str, Any],
    discounts: list[dict[str, Any]], *, once_fails: bool,
) -> None:  # fmt: skip
    """Begin what was bought. A card that fails later pays this once."""
    wanted = {
        "items": [{"price": item["price"]["id"], "quantity": item["quantity"]} for item in session["_items"]],
        "default_payment_method": method["id"], "discounts": discounts, "metadata": {},
        "automatic_tax": {"enabled": session["automatic_tax"]["enabled"]}, **session["_data"],
    }  # fmt: skip
    held, world.cards = world.cards, {**world.cards, customer["id"]: "works"} if once_fails else world.cards
    try:
        subscription = begin(world, customer, wanted, on_session=True)
    finally:
        world.cards = held
    invoice = world.tables["invoice"][subscription["latest_invoice"]]
    session |= {
        "subscription": subscription["id"], "invoice": invoice["id"], "amount_total": invoice["total"],
        "payment_status": "paid" if invoice["amount_due"] else "no_payment_required",
    }  # fmt: skip
    session["total_details"] |= {
        "amount_discount": sum(each["amount"] for each in invoice["total_discount_amounts"]),
        "amount_tax": sum(each["amount"] for each in invoice["total_taxes"]),
    }
