"""Changes whose bank asks first: they wait at Stripe, at most for 23 hours, until whoever pays has answered there.

https://docs.stripe.com/billing/subscriptions/pending-updates: such an update may name items and prorations only, is not
for bank debits, and is taken back by voiding its invoice.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from billing import stripe_reading as reading
from billing.errors import StripeRefused
from billing.stripe_asking import Asking
from billing.stripe_facts import SubscriptionFacts, Waiting


class Confirming(Asking):
    """Updates that wait."""

    def propose_items(self, held: SubscriptionFacts, *, seats: int, price_id: str, key: str) -> Waiting | None:
        """Let a change wait for its payment, in the place of one that waits; None where it was paid after all."""
        asked: Any = {
            "items": [{"id": held.item_id, "price": price_id, "quantity": seats}],
            "proration_behavior": "always_invoice", "payment_behavior": "pending_if_incomplete",
            "expand": ["latest_invoice"],
        }  # fmt: skip
        with self._told():
            found = self._once(key, lambda by: self._client.subscriptions.update(held.subscription_id, asked, by))
        return reading.waiting(found.to_dict(for_json=True), self.installation)

    def withdraw(self, waiting: Waiting, *, key: str) -> None:
        """Take a change back that waits; one that was paid or over a moment ago is left."""
        with suppress(StripeRefused), self._told():
            self._once(key, lambda by: self._client.invoices.void_invoice(waiting.invoice_id, None, by))
