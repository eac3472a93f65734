"""From Stripe's objects, as the plain dictionaries they travel as, to our values; nothing here asks anybody.

Since API version 2025-03-31 (basil) a period belongs to a subscription's item and an invoice names its subscription
under `parent`: https://docs.stripe.com/changelog/basil.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from billing.stripe_facts import EventFacts, InvoiceLine, StripeFacts, StripePrice, SubscriptionFacts, Waiting

INSTALLATION, TENANT, PLAN = "installation", "tenant_id", "plan"
CANCEL_TO, CANCEL_REASON = "cancel_to", "cancel_reason"
NEVER_BEGAN = frozenset({"incomplete", "incomplete_expired"})
Object = Mapping[str, Any]


def moment(seconds: int | None) -> datetime | None:
    """Return a moment of Stripe's, which counts seconds since 1970."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def tenant_in(metadata: Object | None) -> UUID | None:
    """Return the tenant that an object of Stripe's names; None where it names none, or no id."""
    try:
        return UUID(str((metadata or {}).get(TENANT, "")))
    except ValueError:
        return None


def identity(value: Any) -> str:
    """Return the id of what is told by its id or, where it was expanded, whole; "" for nothing."""
    return str(value.get("id") or "") if isinstance(value, Mapping) else str(value or "")


def price(found: Object) -> StripePrice:
    """Return a price as it is at Stripe."""
    metadata = found.get("metadata") or {}
    return StripePrice(
        price_id=found["id"], product_id=identity(found.get("product")), plan=str(metadata.get(PLAN, "")),
        interval=(found.get("recurring") or {}).get("interval") or "", currency=found["currency"].upper(),
        amount=found.get("unit_amount") or 0, active=bool(found.get("active")),
        lookup_key=found.get("lookup_key") or "",
    )  # fmt: skip


def subscription(found: Object, installation: str) -> SubscriptionFacts:
    """Return a subscription; its plan only where its price is this installation's."""
    item = found["items"]["data"][0]
    paid, metadata = price(item["price"]), found.get("metadata") or {}
    ours = (item["price"].get("metadata") or {}).get(INSTALLATION) == installation
    ends = found.get("cancel_at") or (item["current_period_end"] if found.get("cancel_at_period_end") else None)
    return SubscriptionFacts(
        subscription_id=found["id"], customer_id=identity(found["customer"]), status=found["status"],
        item_id=item["id"], price_id=paid.price_id, plan=paid.plan if ours else "",
        interval=paid.interval if ours else "", currency=paid.currency, amount=paid.amount,
        seats=item.get("quantity") or 0, started_at=_moment(found["start_date"]),
        period_starts_at=_moment(item["current_period_start"]), period_ends_at=_moment(item["current_period_end"]),
        cancel_at_period_end=bool(found.get("cancel_at_period_end")), cancels_at=moment(ends),
        ended_at=moment(found.get("ended_at")), cancel_to=str(metadata.get(CANCEL_TO, "")),
        cancel_reason=str(metadata.get(CANCEL_REASON, "")), tenant_id=tenant_in(metadata),
        installation=str(metadata.get(INSTALLATION, "")), waiting=waiting(found, installation),
    )  # fmt: skip


def waiting(found: Object, installation: str) -> Waiting | None:
    """Return the change of a subscription that waits for its payment, None where none does.

    Its invoice is the newest, and told where that was expanded:
    https://docs.stripe.com/billing/subscriptions/pending-updates.
    """
    pending, invoice = found.get("pending_update"), found.get("latest_invoice")
    if not pending or not isinstance(invoice, Mapping) or invoice.get("status") != "open":
        return None
    item = (pending.get("subscription_items") or found["items"]["data"])[0]
    priced = item["price"] if isinstance(item.get("price"), Mapping) else {}
    ours = (priced.get("metadata") or {}).get(INSTALLATION) == installation
    to = price(priced) if ours else None
    return Waiting(
        to.plan if to else "", to.interval if to else "", item.get("quantity") or 0, invoice["amount_remaining"],
        invoice["currency"].upper(), _moment(pending["expires_at"]), invoice.get("hosted_invoice_url") or "",
        invoice["id"],
    )  # fmt: skip


def facts(customer_id: str, found: Iterable[Object], installation: str) -> StripeFacts:
    """Choose among a customer's subscriptions the one that counts: what is paid before what is owed, then the oldest.

    Those that end, or that never began, count only where none goes on; then the one that ended last.
    """
    ours = [one for one in found if (one.get("metadata") or {}).get(INSTALLATION) == installation]
    numbers = {one["id"]: _number(one.get("latest_invoice")) for one in ours}
    read = [subscription(one, installation) for one in ours if one["status"] not in NEVER_BEGAN]
    going = sorted((one for one in read if one.lives), key=lambda one: (one.owes, one.started_at, one.subscription_id))
    ended = sorted((one for one in read if not one.lives), key=lambda one: one.ended_at or one.started_at)
    counts = going[0] if going else ended[-1] if ended else None
    number = numbers[counts.subscription_id] if counts else ""
    return StripeFacts(customer_id, counts, tuple(going[1:]), number)


def _number(invoice: Any) -> str:
    return str(invoice.get("number") or "") if isinstance(invoice, Mapping) else ""


def with_debts(found: StripeFacts, invoices: Iterable[Object]) -> StripeFacts:
    """Add since when the subscription that counts is owed, by its open invoices.

    What waits for an answer to the bank is not owed: nothing has been had for it.
    """
    waits = found.subscription.waiting if found.subscription else None
    owed = [
        (finalised, one.get("hosted_invoice_url") or "") for one in invoices
        if one["status"] == "open" and one["amount_remaining"] > 0 and not (waits and one["id"] == waits.invoice_id)
        and (finalised := (one.get("status_transitions") or {}).get("finalized_at"))
    ]  # fmt: skip
    if found.subscription is None or not owed:
        return found
    since, url = min(owed)
    return replace(found, subscription=replace(found.subscription, unpaid_since=_moment(since), unpaid_url=url))


def invoice(found: Object) -> InvoiceLine:
    """Return an invoice as people look for it."""
    at = (found.get("status_transitions") or {}).get("finalized_at") or found["created"]
    return InvoiceLine(
        number=found.get("number") or "", at=_moment(at), amount=found["total"], currency=found["currency"].upper(),
        state=found.get("status") or "draft", pdf_url=found.get("invoice_pdf") or "",
        page_url=found.get("hosted_invoice_url") or "", due=found.get("amount_remaining", found["total"]),
    )  # fmt: skip


def prorated(preview: Object) -> int:
    """Return what the lines of a preview come to that are for a part of a period only."""
    return sum(
        line["amount"] for line in preview["lines"]["data"]
        if any((details or {}).get("proration") for details in (line.get("parent") or {}).values()
               if isinstance(details, Mapping))
    )  # fmt: skip


def event(found: Object) -> EventFacts:
    """Return an event; raises KeyError, TypeError, ValueError and AttributeError for what is none."""
    if found["object"] != "event":
        raise ValueError("no event")
    about = found["data"]["object"]
    metadata = metadata_of(about)
    kind = about.get("object")
    return EventFacts(
        event_id=str(found["id"]), type=str(found["type"]), object_id=str(about.get("id") or ""),
        customer_id=identity(about if kind == "customer" else about.get("customer")),
        created_at=_moment(int(found["created"])), livemode=bool(found["livemode"]),
        installation=str(metadata.get(INSTALLATION, "")), tenant_id=tenant_in(metadata), payload=dict(found),
    )  # fmt: skip


def metadata_of(about: Object) -> Object:
    """Return what an object says about whose it is: itself, or the subscription it is for."""
    own: Object = about.get("metadata") or {}
    if INSTALLATION in own:
        return own
    parent = (about.get("parent") or {}).get("subscription_details") or {}
    return parent.get("metadata") or own
