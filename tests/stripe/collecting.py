"""Invoices being paid: finalised, attempted, tried again, given up; and what that does to subscriptions."""

from __future__ import annotations

from typing import Any

from tests.stripe.errors import Refused
from tests.stripe.invoicing import sum_up
from tests.stripe.payment_methods import default_method, outcome, said
from tests.stripe.pending import apply, drop, waits_for
from tests.stripe.shapes import blank
from tests.stripe.world import DAY, World

HOUR = 3_600


def subscription_of(world: World, invoice: dict[str, Any]) -> dict[str, Any] | None:
    """Return the subscription an invoice is for."""
    parent = invoice["parent"]
    return world.tables["subscription"][parent["subscription_details"]["subscription"]] if parent else None


def await_finalising(world: World, invoice: dict[str, Any]) -> None:
    """Leave a draft open for changes as long as the account says; then it is finalised by itself."""
    invoice["automatically_finalizes_at"] = world.now + world.account.draft_hours * HOUR


def finalise(world: World, invoice: dict[str, Any]) -> None:
    """Number a draft and open it; what needs no payment is paid."""
    customer = world.tables["customer"][invoice["customer"]]
    invoice["starting_balance"] = customer["balance"]
    sum_up(world, invoice)
    number = customer["next_invoice_sequence"]
    customer["next_invoice_sequence"] = number + 1
    invoice["status_transitions"]["finalized_at"] = invoice["effective_at"] = world.now
    invoice |= {
        "status": "open", "number": f"{customer['invoice_prefix']}-{number:04}", "automatically_finalizes_at": None,
        "hosted_invoice_url": f"/i/{invoice['id']}",
        "invoice_pdf": f"/i/{invoice['id']}/pdf",
        "ending_balance": customer["balance"] + invoice["total"] - invoice["amount_due"],
    }  # fmt: skip
    if invoice["collection_method"] == "send_invoice" and invoice["due_date"] is None:
        invoice["due_date"] = world.now + (invoice.get("_days_until_due") or 0) * DAY
    changed = customer["balance"] != invoice["ending_balance"]
    customer["balance"] = invoice["ending_balance"]
    if changed:
        world.tell("customer.updated", customer)
    world.tell("invoice.finalized", invoice)
    if invoice["amount_due"] == 0:
        settle(world, invoice)


def attempt(
    world: World, invoice: dict[str, Any], method: dict[str, Any] | None = None, *,
    on_session: bool = False, automatic: bool = False,
) -> str:  # fmt: skip
    """Try to collect an open invoice; return why it was declined, "" when it is paid."""
    subscription = subscription_of(world, invoice)
    customer = world.tables["customer"][invoice["customer"]]
    method = method or default_method(world, subscription, customer)
    why = outcome(world, method, on_session=on_session) if method else "no_payment_method"
    if automatic or invoice["attempt_count"] == 0:
        invoice["attempt_count"] += 1
    invoice["attempted"] = True
    intent = intent_of(world, invoice)
    intent["payment_method"] = method["id"] if method else None
    if why:
        _failed(world, invoice, intent, why)
    else:
        intent |= {"status": "succeeded", "amount_received": intent["amount"], "last_payment_error": None}
        world.tell("payment_intent.succeeded", intent)
        settle(world, invoice)
    return why


def intent_of(world: World, invoice: dict[str, Any]) -> dict[str, Any]:
    """Return the invoice's payment intent, made with the first need of it."""
    if "_intent" not in invoice:
        intent = world.make(
            "payment_intent", amount=invoice["amount_due"], amount_received=0, amount_capturable=0, metadata={},
            currency=invoice["currency"], customer=invoice["customer"], status="requires_payment_method",
            capture_method="automatic", confirmation_method="automatic", payment_method_types=["card"],
        )  # fmt: skip
        intent["client_secret"] = f"{intent['id']}_secret_double"
        payment = world.make(
            "invoice_payment", amount_requested=invoice["amount_due"], currency=invoice["currency"], status="open",
            invoice=invoice["id"], is_default=True, payment={"type": "payment_intent", "payment_intent": intent["id"]},
            status_transitions=blank("invoices_payments_invoice_payment_status_transitions"),
        )  # fmt: skip
        invoice |= {"_intent": intent["id"], "_payment": payment["id"]}
    return world.tables["payment_intent"][invoice["_intent"]]


def settle(world: World, invoice: dict[str, Any]) -> None:
    """Take an invoice as paid, and tell its subscription."""
    invoice |= {
        "status": "paid", "amount_paid": invoice["amount_due"], "amount_remaining": 0, "auto_advance": False,
        "attempted": True, "next_payment_attempt": None,
    }  # fmt: skip
    invoice["status_transitions"]["paid_at"] = world.now
    if "_payment" in invoice:
        payment = world.tables["invoice_payment"][invoice["_payment"]]
        payment |= {"status": "paid", "amount_paid": invoice["amount_due"]}
        payment["status_transitions"]["paid_at"] = world.now
    world.tell("invoice.paid", invoice)
    world.tell("invoice.payment_succeeded", invoice)
    customer = world.tables["customer"][invoice["customer"]]
    if customer["delinquent"]:
        customer["delinquent"] = False
        world.tell("customer.updated", customer)
    subscription = subscription_of(world, invoice)
    if subscription and waits_for(subscription, invoice):
        apply(world, subscription)
    elif subscription and subscription["latest_invoice"] == invoice["id"]:
        _revived(world, subscription)


def _revived(world: World, subscription: dict[str, Any]) -> None:
    if subscription["status"] in ("incomplete", "past_due", "unpaid"):
        running = subscription["trial_end"] and subscription["trial_end"] > world.now
        subscription["status"] = "trialing" if running else "active"
        world.tell("customer.subscription.updated", subscription)


def _failed(world: World, invoice: dict[str, Any], intent: dict[str, Any], why: str) -> None:
    asks = why == "authentication_required"
    intent["status"] = "requires_action" if asks else "requires_payment_method"
    words = "The customer has no payment method." if why == "no_payment_method" else said(why)
    intent["last_payment_error"] = {
        "type": "card_error",
        "code": "card_declined",
        "decline_code": why,
        "message": words,
    }
    if why != "no_payment_method":
        world.tell("payment_intent.payment_failed", intent)
    subscription = subscription_of(world, invoice)
    proposed = subscription is not None and ("_trying" in subscription or waits_for(subscription, invoice))
    invoice["next_payment_attempt"] = None if proposed else _next_attempt(world, invoice)
    world.tell("invoice.payment_failed", invoice)
    if asks:
        world.tell("invoice.payment_action_required", invoice)
    if proposed:
        return
    customer = world.tables["customer"][invoice["customer"]]
    customer["delinquent"] = True
    world.tell("customer.updated", customer)
    if subscription is None:
        return
    if subscription["status"] in ("active", "trialing"):
        subscription["status"] = "past_due"
        world.tell("customer.subscription.updated", subscription)
    if invoice["next_payment_attempt"] is None and subscription["status"] == "past_due":
        _given_up(world, subscription)


def _next_attempt(world: World, invoice: dict[str, Any]) -> int | None:
    """Return when the invoice is tried again: each failure has its own delay; first invoices are left to the person."""
    tried = invoice["attempt_count"]
    if invoice["billing_reason"] == "subscription_create" or not invoice["auto_advance"]:
        return None
    return None if tried > len(world.account.retry_days) else world.now + world.account.retry_days[tried - 1] * DAY


def _given_up(world: World, subscription: dict[str, Any]) -> None:
    from tests.stripe.subscriptions import end

    if world.account.after_retries == "canceled":
        end(world, subscription, "payment_failed")
    elif world.account.after_retries == "unpaid":
        subscription["status"] = "unpaid"
        world.tell("customer.subscription.updated", subscription)


def collect_now(world: World, invoice: dict[str, Any], *, on_session: bool = False) -> str:
    """Finalise a draft at once and try to collect it; return why that was declined."""
    finalise(world, invoice)
    if invoice["status"] != "open" or invoice["collection_method"] != "charge_automatically":
        return ""
    return attempt(world, invoice, on_session=on_session)


def give_up(world: World, invoice: dict[str, Any], status: str) -> None:
    """Void an invoice, or mark it uncollectible."""
    allowed = ("open", "uncollectible") if status == "void" else ("open",)
    if invoice["status"] not in allowed:
        raise Refused(400, f"You can only do this to open invoices. This one is {invoice['status']}.")
    invoice |= {"status": status, "next_payment_attempt": None, "auto_advance": False}
    if status == "void":
        invoice["amount_remaining"] = 0
        customer = world.tables["customer"][invoice["customer"]]
        customer["balance"] += (invoice["starting_balance"] or 0) - (invoice["ending_balance"] or 0)
    name = "voided" if status == "void" else "marked_uncollectible"
    invoice["status_transitions"][f"{name}_at"] = world.now
    world.tell(f"invoice.{name}", invoice)
    subscription = subscription_of(world, invoice)
    if status == "void" and subscription and waits_for(subscription, invoice):
        drop(world, subscription)
