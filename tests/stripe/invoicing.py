"""Invoices being made: their lines, discounts, taxes and sums."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.stripe.arithmetic import amount_of, rounded, shared_out
from tests.stripe.discounts import coupon_of, running
from tests.stripe.shapes import blank, listed
from tests.stripe.world import World

EUROPE = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()  # noqa: SIM905
)


def spelled(moment: int) -> str:
    """Return a date as Stripe's descriptions write it."""
    return datetime.fromtimestamp(moment, UTC).strftime("%d %b %Y")


def pricing(price: dict[str, Any]) -> dict[str, Any]:
    """Return what a line or an invoice item says of its price."""
    return {
        "type": "price_details", "price_details": {"price": price["id"], "product": price["product"]},
        "unit_amount_decimal": price["unit_amount_decimal"],
    }  # fmt: skip


def period_line(world: World, subscription: dict[str, Any], item: dict[str, Any], free: bool = False) -> dict[str, Any]:
    """Return the line for an item's whole present period; nothing is due for a trial."""
    price = world.tables["price"][item["price"]]
    amount = 0 if free else rounded(amount_of(price, item["quantity"]))
    name = world.tables["product"][price["product"]]["name"]
    words = f"Trial period for {name}" if free else f"{item['quantity']} × {name}"
    parent = {
        "type": "subscription_item_details", "invoice_item_details": None,
        "subscription_item_details": {
            "invoice_item": None, "proration": False, "subscription": subscription["id"],
            "subscription_item": item["id"], "proration_details": {"credited_items": None},
        },
    }  # fmt: skip
    period = {"start": item["current_period_start"], "end": item["current_period_end"]}
    return _line(world, amount, price, item["quantity"], words, period, parent, True, subscription["id"])


def item_line(world: World, pending: dict[str, Any]) -> dict[str, Any]:
    """Return the line for an invoice item."""
    details = pending["parent"]["subscription_details"] if pending["parent"] else None
    inner = {
        "invoice_item": pending["id"], "proration": pending["proration"],
        "subscription": details["subscription"] if details else None,
        "proration_details": {"credited_items": None},
    }  # fmt: skip
    kind = "invoice_item_details"
    parent: dict[str, Any] = {"type": kind, "invoice_item_details": None, "subscription_item_details": None}
    if details and details["subscription_item"]:
        kind = "subscription_item_details"
        inner["subscription_item"] = details["subscription_item"]
    parent |= {"type": kind, kind: inner}
    price = world.tables["price"].get((pending["pricing"] or {}).get("price_details", {}).get("price", ""))
    made = _line(
        world, pending["amount"], price, pending["quantity"], pending["description"], pending["period"], parent,
        pending["discountable"], details["subscription"] if details else None,
    )  # fmt: skip
    return made | {"currency": pending["currency"], "metadata": pending["metadata"]}


def _line(
    world: World, amount: int, price: dict[str, Any] | None, quantity: int, words: str | None,
    period: dict[str, int], parent: dict[str, Any], discountable: bool, subscription: str | None,
) -> dict[str, Any]:  # fmt: skip
    return blank(
        "line_item", id=world.new_id("line_item"), object="line_item", amount=amount, subtotal=amount, period=period,
        currency=price["currency"] if price else "", description=words, quantity=quantity, parent=parent,
        quantity_decimal=str(quantity), pricing=pricing(price) if price else None, discountable=discountable,
        discount_amounts=[], pretax_credit_amounts=[], taxes=[], subscription=subscription,
    )  # fmt: skip


def new_invoice(
    world: World, customer: dict[str, Any], subscription: dict[str, Any] | None, reason: str,
    lines: list[dict[str, Any]], period: tuple[int, int], *, currency: str = "",
) -> dict[str, Any]:  # fmt: skip
    """Make a draft with these lines and its sums, in the subscription's currency or in the one that is given."""
    made = blank("invoice", object="invoice") | _heading(world, customer, subscription)
    made |= {
        "id": world.new_id("invoice"), "created": world.now, "status": "draft", "billing_reason": reason,
        "period_start": period[0], "period_end": period[1], "metadata": {}, "attempted": False,
        "auto_advance": True, "effective_at": None, "starting_balance": customer["balance"],
    }  # fmt: skip
    made["currency"] = subscription["currency"] if subscription else currency
    for line in lines:
        line["invoice"] = made["id"]
    made["lines"] = listed(lines, f"/v1/invoices/{made['id']}/lines")
    made["_discounts"] = [] if subscription is None else [each["id"] for each in running(world, subscription)]
    sum_up(world, made)
    world.tables["invoice"][made["id"]] = made
    return made


def _heading(world: World, customer: dict[str, Any], subscription: dict[str, Any] | None) -> dict[str, Any]:
    tax_ids = [{"type": row["type"], "value": row["value"]} for row in world.rows("tax_id", customer=customer["id"])]
    parent = None
    if subscription is not None:
        details = {"metadata": dict(subscription["metadata"]), "subscription": subscription["id"]}
        parent = {"type": "subscription_details", "subscription_details": details, "quote_details": None}
    source = subscription or {"collection_method": "charge_automatically", "automatic_tax": {"enabled": False}}
    return {
        "account_country": world.account.country, "account_name": world.account.name, "customer": customer["id"],
        "customer_address": customer["address"], "customer_email": customer["email"], "customer_name": customer["name"],
        "customer_phone": customer["phone"], "customer_tax_exempt": customer["tax_exempt"], "customer_tax_ids": tax_ids,
        "parent": parent, "collection_method": source["collection_method"], "issuer": {"type": "self"},
        "test_clock": customer["test_clock"],
        "automatic_tax": blank("automatic_tax", enabled=source["automatic_tax"]["enabled"]),
    }  # fmt: skip


def sum_up(world: World, invoice: dict[str, Any]) -> None:
    """Work out discounts, taxes and sums anew from the lines."""
    lines = invoice["lines"]["data"]
    subtotal = sum(line["amount"] for line in lines)
    discounts = _discount(world, invoice, lines)
    tax = _tax(world, invoice, lines)
    total = subtotal - sum(each["amount"] for each in discounts) + tax
    owed = max(0, total + invoice["starting_balance"])
    invoice |= {
        "subtotal": subtotal, "subtotal_excluding_tax": subtotal, "total": total, "total_excluding_tax": total - tax,
        "total_discount_amounts": discounts, "discounts": [each["discount"] for each in discounts],
        "amount_due": owed, "amount_remaining": owed - invoice["amount_paid"], "total_pretax_credit_amounts": [],
    }  # fmt: skip


def _discount(world: World, invoice: dict[str, Any], lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what each discount takes off, one after the other: nothing of prorations, and never below zero."""
    left = [max(0, line["amount"]) if line["discountable"] else 0 for line in lines]
    for line in lines:
        line["discount_amounts"] = []
    found = []
    for id in invoice["_discounts"]:
        coupon = coupon_of(world, world.tables["discount"][id])
        whole = sum(left)
        if coupon["percent_off"] is not None:
            amount = rounded(Fraction(str(coupon["percent_off"])) * whole / 100)
        else:
            amount = min(whole, coupon["amount_off"] or 0)
        for place, part in enumerate(shared_out(amount, left)):
            left[place] -= part
            if part:
                lines[place]["discount_amounts"].append({"amount": part, "discount": id})
        found.append({"amount": amount, "discount": id})
    return found


def _tax(world: World, invoice: dict[str, Any], lines: list[dict[str, Any]]) -> int:
    """Write taxes to lines and invoice and return what is added: one rate, none abroad with a European tax id."""
    whole, taxed = 0, 0
    reason, percent = _rate(world, invoice)
    for line in lines:
        line["taxes"] = []
        if invoice["automatic_tax"]["enabled"] and reason:
            base = line["amount"] - sum(each["amount"] for each in line["discount_amounts"])
            amount = rounded(Fraction(Decimal(percent)) * base / 100)
            line["taxes"] = [_tax_row(amount, reason, base)]
            whole, taxed = whole + amount, taxed + base
    enabled = invoice["automatic_tax"]["enabled"]
    invoice["total_taxes"] = [_tax_row(whole, reason, taxed)] if enabled and reason else []
    if enabled:
        status = "complete" if reason else "requires_location_inputs"
        invoice["automatic_tax"] |= {"status": status, "liability": {"type": "self"}, "provider": "stripe"}
    return whole


def _rate(world: World, invoice: dict[str, Any]) -> tuple[str, str]:
    country = (invoice["customer_address"] or {}).get("country")
    if not country:
        return "", "0"
    if invoice["customer_tax_exempt"] == "exempt":
        return "customer_exempt", "0"
    numbered = any(row["type"] == "eu_vat" for row in invoice["customer_tax_ids"])
    if invoice["customer_tax_exempt"] == "reverse" or (
        numbered and country in EUROPE and country != world.account.country
    ):
        return "reverse_charge", "0"
    return ("standard_rated", world.account.tax_percent) if country in EUROPE else ("not_collecting", "0")


def _tax_row(amount: int, reason: str, base: int) -> dict[str, Any]:
    return {
        "type": "tax_rate_details", "amount": amount, "tax_behavior": "exclusive", "taxable_amount": base,
        "taxability_reason": reason, "tax_rate_details": None,
    }  # fmt: skip
