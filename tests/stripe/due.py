"""What time brings: trials and periods that end, invoices that are finalised and tried again, what expires."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tests.stripe.arithmetic import period_around
from tests.stripe.collecting import attempt, await_finalising, collect_now, finalise
from tests.stripe.payment_methods import default_method
from tests.stripe.pending import drop
from tests.stripe.subscriptions import bill, end, period_of, recurring_of, set_period
from tests.stripe.world import DAY, World

HOURS_INCOMPLETE = 23
_TOO_MANY = 100_000
Step = tuple[int, str, Callable[[World, dict[str, Any]], None], dict[str, Any]]


def run_until(world: World, target: int, clock: str | None = None) -> None:
    """Do all that is due until a moment, each at its own time, for those who live by one test clock or by none."""
    for _ in range(_TOO_MANY):
        steps = [step for step in _steps(world, clock) if step[0] <= target]
        if not steps:
            return
        moment, _, do, held = min(steps, key=lambda step: step[:2])
        with world.at(moment):
            do(world, held)
    raise AssertionError("time does not come to an end: something is due again and again")


def _steps(world: World, clock: str | None) -> Iterator[Step]:
    for subscription in world.rows("subscription", test_clock=clock):
        yield from _of_subscription(subscription)
    for invoice in world.rows("invoice", test_clock=clock):
        yield from _of_invoice(invoice)
    if clock is None:
        for session in world.rows("checkout.session", status="open"):
            yield session["expires_at"], "4", _expire, session


def _of_subscription(subscription: dict[str, Any]) -> Iterator[Step]:
    status = subscription["status"]
    if status == "incomplete":
        yield subscription["created"] + HOURS_INCOMPLETE * 3_600, "0", _lapse, subscription
    if status not in ("trialing", "active", "past_due", "unpaid"):
        return
    if subscription["cancel_at"]:
        yield subscription["cancel_at"], "0", _end_as_asked, subscription
    if subscription["pending_update"]:
        yield subscription["pending_update"]["expires_at"], "0", drop, subscription
    yield period_of(subscription)[1], "1", _renew, subscription
    if status == "trialing" and not subscription.get("_warned"):
        yield max(subscription["trial_end"] - 3 * DAY, subscription["created"]), "2", _warn, subscription


def _of_invoice(invoice: dict[str, Any]) -> Iterator[Step]:
    if invoice["status"] == "draft" and invoice["automatically_finalizes_at"] and invoice["auto_advance"]:
        yield invoice["automatically_finalizes_at"], "3", _advance, invoice
    if invoice["status"] == "open" and invoice["next_payment_attempt"]:
        yield invoice["next_payment_attempt"], "3", _retry, invoice
    if invoice["status"] == "open" and invoice["due_date"] and not invoice.get("_overdue"):
        yield invoice["due_date"], "3", _overdue, invoice


def _lapse(world: World, subscription: dict[str, Any]) -> None:
    subscription |= {"status": "incomplete_expired", "ended_at": world.now}
    invoice = world.tables["invoice"][subscription["latest_invoice"]]
    if invoice["status"] == "open":
        invoice |= {"status": "void", "auto_advance": False, "next_payment_attempt": None, "amount_remaining": 0}
        invoice["status_transitions"]["voided_at"] = world.now
        world.tell("invoice.voided", invoice)
    world.tell("customer.subscription.updated", subscription)


def _end_as_asked(world: World, subscription: dict[str, Any]) -> None:
    """End it; what is still pending is collected by a last invoice."""
    customer = world.tables["customer"][subscription["customer"]]
    if any(_is_pending(row, subscription) for row in world.rows("invoiceitem", invoice=None)):
        collect_now(world, bill(world, subscription, customer, "subscription_cycle", whole_period=False))
    end(world, subscription, "cancellation_requested")


def _is_pending(row: dict[str, Any], subscription: dict[str, Any]) -> bool:
    return bool(row["parent"] and row["parent"]["subscription_details"]["subscription"] == subscription["id"])


def _renew(world: World, subscription: dict[str, Any]) -> None:
    """Begin the next period with a draft that is finalised later."""
    customer = world.tables["customer"][subscription["customer"]]
    if subscription["status"] == "trialing":
        if not _trial_over(world, subscription, customer):
            return
        subscription["status"] = "active"
    before = period_of(subscription)
    rhythm = recurring_of(world, subscription)
    set_period(subscription, *period_around(subscription["billing_cycle_anchor"], rhythm, world.now))
    subscription["_period_before"] = before
    invoice = bill(world, subscription, customer, "subscription_cycle")
    if subscription["status"] == "unpaid":
        invoice["auto_advance"] = False
    else:
        await_finalising(world, invoice)
    world.tell("customer.subscription.updated", subscription)


def _trial_over(world: World, subscription: dict[str, Any], customer: dict[str, Any]) -> bool:
    """Return whether the subscription goes on after its trial."""
    without = subscription["trial_settings"]["end_behavior"]["missing_payment_method"]
    charged = subscription["collection_method"] == "charge_automatically"
    if not charged or without == "create_invoice" or default_method(world, subscription, customer):
        return True
    if without == "cancel":
        end(world, subscription, "cancellation_requested")
    else:
        subscription["status"] = "paused"
        world.tell("customer.subscription.paused", subscription)
        world.tell("customer.subscription.updated", subscription)
    return False


def _warn(world: World, subscription: dict[str, Any]) -> None:
    subscription["_warned"] = True
    world.tell("customer.subscription.trial_will_end", subscription)


def _advance(world: World, invoice: dict[str, Any]) -> None:
    if invoice["collection_method"] == "send_invoice":
        finalise(world, invoice)
        world.tell("invoice.sent", invoice)
    else:
        finalise(world, invoice)
        if invoice["status"] == "open":
            attempt(world, invoice, automatic=True)


def _retry(world: World, invoice: dict[str, Any]) -> None:
    invoice["next_payment_attempt"] = None
    attempt(world, invoice, automatic=True)


def _overdue(world: World, invoice: dict[str, Any]) -> None:
    invoice["_overdue"] = True
    world.tell("invoice.overdue", invoice)
    details = (invoice["parent"] or {}).get("subscription_details") or {}
    subscription = world.tables["subscription"].get(details.get("subscription", ""))
    if subscription and subscription["status"] == "active":
        subscription["status"] = "past_due"
        world.tell("customer.subscription.updated", subscription)


def _expire(world: World, session: dict[str, Any]) -> None:
    session |= {"status": "expired", "url": None}
    world.tell("checkout.session.expired", session)
