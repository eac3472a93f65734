"""Leaving Stripe with a workspace that is deleted."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any

from billing.errors import StripeRefused
from billing.stripe_asking import Asking, once
from billing.stripe_facts import SubscriptionFacts
from billing.stripe_reading import CANCEL_REASON, CANCEL_TO


class Leaving(Asking):
    """Subscriptions that end with their workspace, and what stays of a customer."""

    def end_by(self, held: SubscriptionFacts, due: datetime, *, reason: str, key: str) -> None:
        """Let a subscription end with its period, or at a moment where that is sooner; nothing more is charged for it.

        A moment in a period to come would be charged for in parts
        (https://docs.stripe.com/api/subscriptions/update, cancel_at), so that is not asked for.
        """
        ends: Any = {"cancel_at_period_end": True}
        if due < held.period_ends_at:
            ends = {"cancel_at": int(due.timestamp()), "proration_behavior": "none"}
        said: Any = {"metadata": {CANCEL_TO: "free", CANCEL_REASON: reason}}
        with self._told():
            self._client.subscriptions.update(held.subscription_id, {**ends, **said}, once(key))

    def forget_customer(self, customer_id: str) -> bool:
        """Delete a customer who was never invoiced, and end their open pages of Checkout; whether nothing is left.

        Invoices have to be kept, and with them whom they were written to. One that is gone already is no error.
        """
        try:
            with self._told():
                for one in self._all("checkout/sessions", {"customer": customer_id, "status": "open"}):
                    with suppress(StripeRefused), self._told():  # it was paid, or over, a moment ago
                        self._client.checkout.sessions.expire(one["id"])
                invoices = self._all("invoices", {"customer": customer_id})
                if any(one["status"] != "draft" for one in invoices):
                    return False
                self._client.customers.delete(customer_id)
        except StripeRefused as refused:
            if refused.code != "resource_missing":
                raise
        return True
