"""What is so at Stripe: of one customer, of all of them a page at a time, and what has happened since."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from billing import stripe_reading as reading
from billing.errors import CustomerGone, NoSuchPage, StripeRefused
from billing.stripe_asking import Asking
from billing.stripe_facts import EventFacts, InvoicePage, NextInvoice, StripeFacts, SubscriptionFacts
from billing.stripe_reading import INSTALLATION

EVENTS = (
    "checkout.session.completed", "checkout.session.async_payment_succeeded", "checkout.session.async_payment_failed",
    "customer.deleted", "customer.updated", "customer.subscription.created", "customer.subscription.updated",
    "customer.subscription.deleted", "customer.subscription.paused", "customer.subscription.resumed",
    "customer.subscription.pending_update_applied", "customer.subscription.pending_update_expired",
    "invoice.finalized", "invoice.paid", "invoice.payment_failed", "invoice.payment_action_required",
    "invoice.voided", "invoice.marked_uncollectible", "invoice.updated",
)  # fmt: skip
"""The events that the endpoint at Stripe is to send; of others nothing is learned."""


class Looks(Asking):
    """Reading at Stripe."""

    def facts(self, customer_id: str) -> StripeFacts:
        """Return all that counts of a customer; raises CustomerGone for one that Stripe has no more."""
        known = reading.facts(customer_id, self._subscriptions_of(customer_id), self.installation)
        counts = known.subscription
        if counts is None or not counts.lives:
            self._be_there(customer_id)
        if counts is None or not (counts.owes or counts.ended_at):
            return known
        with self._told():
            owed = list(self._all("invoices", {"subscription": counts.subscription_id, "status": "open"}))
        return reading.with_debts(known, owed)

    def _subscriptions_of(self, customer_id: str) -> list[dict[str, Any]]:
        asked = {"customer": customer_id, "status": "all", "expand": ["data.latest_invoice"]}
        try:
            with self._told():
                return list(self._all("subscriptions", asked))
        except StripeRefused as refused:
            if refused.code == "resource_missing":
                raise CustomerGone(customer_id) from None
            raise

    def _be_there(self, customer_id: str) -> None:
        """Raise CustomerGone for one that was deleted, or is of another account, or of the key's other mode."""
        try:
            with self._told():
                found = self._client.customers.retrieve(customer_id).to_dict(for_json=True)
        except StripeRefused as refused:
            if refused.code == "resource_missing":
                raise CustomerGone(customer_id) from None
            raise
        if found.get("deleted"):
            raise CustomerGone(customer_id)

    def subscriptions(self) -> Iterator[SubscriptionFacts]:
        """Yield every subscription of this installation that goes on, newest first: a request for each hundred."""
        with self._told():
            for one in self._all("subscriptions", {}):
                if (one.get("metadata") or {}).get(INSTALLATION) == self.installation:
                    found = reading.subscription(one, self.installation)
                    if found.lives:
                        yield found

    def events_since(self, moment: datetime) -> Iterator[EventFacts]:
        """Yield the events of some moment and later, newest first; Stripe keeps them for 30 days."""
        with self._told():
            asked = {"created": {"gte": int(moment.timestamp())}, "types": list(EVENTS)}
            yield from (reading.event(one) for one in self._all("events", asked))

    def invoices(self, customer_id: str, limit: int, after: str = "") -> InvoicePage:
        """Return a customer's invoices, newest first, from the one `after` on; none of one that Stripe has no more.

        Raises NoSuchPage where there is no such one to come after.
        """
        page: Any = {"customer": customer_id, "limit": limit}
        if after:
            page["starting_after"] = after
        try:
            with self._told():
                found = self._client.invoices.list(page)
                lines = tuple(reading.invoice(one.to_dict()) for one in found.data)
                return InvoicePage(lines, found.data[-1].id if found.has_more and found.data else "")
        except StripeRefused as refused:
            if refused.code != "resource_missing":
                raise
            if refused.param == "starting_after":
                raise NoSuchPage from None
            return InvoicePage()

    def upcoming(self, subscription_id: str) -> NextInvoice | None:
        """Return what will be charged next; None where nothing will."""
        try:
            with self._told():
                found = self._client.invoices.create_preview({"subscription": subscription_id}).to_dict()
        except StripeRefused as none:
            if none.code in ("invoice_upcoming_none", "resource_missing"):
                return None
            raise
        at = reading.moment(found.get("next_payment_attempt") or found.get("period_end"))
        return NextInvoice(found["amount_due"], found["currency"].upper(), at) if at else None
