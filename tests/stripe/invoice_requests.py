"""What the API lets do with invoices and invoice items, and previews of what a change would cost."""

from __future__ import annotations

from typing import Any

from tests.stripe.catalogue import merged
from tests.stripe.collecting import attempt, await_finalising, finalise, give_up, intent_of, settle
from tests.stripe.customers import living
from tests.stripe.errors import Refused, not_paid
from tests.stripe.invoicing import item_line, new_invoice
from tests.stripe.payment_methods import said
from tests.stripe.routes import PAGING, operation
from tests.stripe.shapes import SPECIAL, listed, page
from tests.stripe.world import World


@operation("GET /v1/invoices/{}")
def _one(world: World, id: str, params: dict[str, Any]) -> dict[str, Any]:
    return world.get("invoice", id)


@operation("GET /v1/invoices", f"customer subscription status collection_method created {PAGING}")
def _all(world: World, params: dict[str, Any]) -> dict[str, Any]:
    wanted = {name: params[name] for name in ("customer", "status", "collection_method") if name in params}
    rows = world.rows("invoice", **wanted)
    if "subscription" in params:
        rows = [row for row in rows if _subscription_id(row) == params["subscription"]]
    return page(rows, params, "/v1/invoices")


def _subscription_id(invoice: dict[str, Any]) -> str | None:
    details = (invoice["parent"] or {}).get("subscription_details") or {}
    found: str | None = details.get("subscription")
    return found


@operation("GET /v1/invoices/{}/lines", PAGING)
def _lines(world: World, id: str, params: dict[str, Any]) -> dict[str, Any]:
    lines = world.get("invoice", id)["lines"]["data"]
    return page(lines[::-1], params, f"/v1/invoices/{id}/lines")


@operation(
    "POST /v1/invoices",
    "customer subscription auto_advance collection_method days_until_due description metadata currency "
    "pending_invoice_items_behavior due_date",
)
def _make(world: World, params: dict[str, Any]) -> dict[str, Any]:
    customer = living(world, params.pop("customer"))
    subscription = (
        world.get("subscription", params.pop("subscription"), "subscription") if "subscription" in params else None
    )
    takes = params.pop("pending_invoice_items_behavior", "exclude") == "include" or subscription is not None
    pending = [row for row in world.rows("invoiceitem", customer=customer["id"], invoice=None) if takes]
    lines = [item_line(world, row) for row in pending]
    currency = params.pop("currency", None) or customer["currency"] or "usd"
    invoice = new_invoice(world, customer, subscription, "manual", lines, (world.now, world.now), currency=currency)
    for row in pending:
        row["invoice"] = invoice["id"]
    invoice["_days_until_due"] = params.pop("days_until_due", None)
    invoice["auto_advance"] = params.pop("auto_advance", False)
    merged(invoice, params)
    if invoice["auto_advance"]:
        await_finalising(world, invoice)
    world.tell("invoice.created", invoice)
    return invoice


@operation("POST /v1/invoices/{}", "description metadata auto_advance days_until_due due_date")
def _change(world: World, id: str, params: dict[str, Any]) -> dict[str, Any]:
    invoice = world.get("invoice", id)
    if invoice["status"] != "draft" and params.keys() - {"metadata", "auto_advance"}:
        raise Refused(400, "This invoice is finalized and cannot be changed so.")
    invoice["_days_until_due"] = params.pop("days_until_due", invoice.get("_days_until_due"))
    merged(invoice, params)
    world.tell("invoice.updated", invoice)
    return invoice


@operation("DELETE /v1/invoices/{}")
def _delete(world: World, id: str, params: dict[str, Any]) -> dict[str, Any]:
    invoice = world.get("invoice", id)
    if invoice["status"] != "draft" or invoice["parent"]:
        raise Refused(400, "You can only delete draft invoices that belong to no subscription.")
    del world.tables["invoice"][id]
    for row in world.rows("invoiceitem", invoice=id):
        row["invoice"] = None
    world.tell("invoice.deleted", invoice)
    return {"id": id, "object": "invoice", "deleted": True}


@operation("POST /v1/invoices/{}/finalize", "auto_advance")
def _finalize(world: World, id: str, params: dict[str, Any]) -> dict[str, Any]:
    invoice = world.get("invoice", id)
    if invoice["status"] != "draft":
        raise Refused(400, "This invoice is already finalized, you can't re-finalize a non-draft invoice.")
    invoice["auto_advance"] = params.get("auto_advance", invoice["auto_advance"])
    finalise(world, invoice)
    if (
        invoice["status"] == "open"
        and invoice["auto_advance"]
        and invoice["collection_method"] == "charge_automatically"
    ):
        invoice["next_payment_attempt"] = world.now + 3_600
    return invoice


@operation("POST /v1/invoices/{}/pay", "payment_method paid_out_of_band off_session")
def _pay(world: World, id: str, params: dict[str, Any]) -> dict[str, Any]:
    invoice = world.get("invoice", id)
    if invoice["status"] == "draft":
        finalise(world, invoice)
    if invoice["status"] not in ("open", "uncollectible"):
        raise Refused(400, f"Invoice is already {invoice['status']}", code="invoice_not_editable")
    if params.get("paid_out_of_band"):
        settle(world, invoice)
        return invoice
    method = (
        world.get("payment_method", params["payment_method"], "payment_method") if "payment_method" in params else None
    )
    why = attempt(world, invoice, method, on_session=not params.get("off_session", True))
    if why == "no_payment_method":
        raise Refused(
            400, "There is no default payment method set on this Customer or Invoice.", code="resource_missing"
        )
    if why:
        raise not_paid(why, said(why), "invoice")
    return invoice


@operation("POST /v1/invoices/{}/void")
def _void(world: World, id: str, params: dict[str, Any]) -> dict[str, Any]:
    invoice = world.get("invoice", id)
    give_up(world, invoice, "void")
    return invoice


@operation("POST /v1/invoices/{}/mark_uncollectible")
def _uncollectible(world: World, id: str, params: dict[str, Any]) -> dict[str, Any]:
    invoice = world.get("invoice", id)
    give_up(world, invoice, "uncollectible")
    return invoice


@operation("POST /v1/invoices/{}/send")
def _send(world: World, id: str, params: dict[str, Any]) -> dict[str, Any]:
    invoice = world.get("invoice", id)
    if invoice["status"] == "draft":
        finalise(world, invoice)
    world.tell("invoice.sent", invoice)
    return invoice


SPECIAL["invoice", "payments"] = lambda world, invoice: listed(
    world.rows("invoice_payment", invoice=invoice["id"]), "/v1/invoice_payments"
)


def _secret(world: World, invoice: dict[str, Any]) -> dict[str, Any] | None:
    held = world.tables["invoice"].get(invoice["id"])
    if held is None or held["status"] != "open":
        return None
    return {"type": "payment_intent", "client_secret": intent_of(world, held)["client_secret"]}


SPECIAL["invoice", "confirmation_secret"] = _secret
