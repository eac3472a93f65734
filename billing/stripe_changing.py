"""What a change of a subscription would cost, and changing it: absolutely, by a key, and never half."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from billing import stripe_reading as reading
from billing.errors import CardDeclined, StripeRefused
from billing.stripe_asking import Asking
from billing.stripe_facts import SubscriptionFacts
from billing.stripe_reading import CANCEL_REASON, CANCEL_TO


class Changing(Asking):
    """Previews and changes of one subscription."""

    def preview(self, held: SubscriptionFacts, *, price_id: str, seats: int, at_once: bool) -> tuple[int, int]:
        """Return what a change would charge at once, and what it would add to the next invoice for a part of a period.

        Taxes are in the first; what is owed back counts as nothing in either.
        """
        with self._told():
            found = self._client.invoices.create_preview({
                "subscription": held.subscription_id,
                "subscription_details": {
                    "items": [{"id": held.item_id, "price": price_id, "quantity": seats}],
                    "proration_behavior": "always_invoice" if at_once else "create_prorations",
                },
            }).to_dict()  # fmt: skip
        if at_once:
            return max(found["amount_due"], 0), 0
        return 0, max(reading.prorated(found) - self._pending(held), 0)

    def _pending(self, held: SubscriptionFacts) -> int:
        """Return what former changes in this period add to the next invoice already."""
        try:
            with self._told():
                found = self._client.invoices.create_preview({"subscription": held.subscription_id}).to_dict()
        except StripeRefused as none:
            if none.code in ("invoice_upcoming_none", "resource_missing"):
                return 0
            raise
        return reading.prorated(found)

    def set_items(
        self,
        held: SubscriptionFacts,
        *,
        seats: int,
        price_id: str | None,
        prorations: str,
        must_be_paid: bool,
        key: str,
    ) -> None:
        """Set seats, and the price if one is given, of a subscription: what is absolute is said twice and done once.

        `prorations` is Stripe's proration_behavior. What `must_be_paid` at once and is declined changes nothing and
        raises CardDeclined; else the change holds, and what could not be paid is owed.
        """
        item: Any = {"id": held.item_id, "quantity": seats, **({"price": price_id} if price_id else {})}
        behaviour = "error_if_incomplete" if must_be_paid else "allow_incomplete"
        self._update(held, {"items": [item], "proration_behavior": prorations, "payment_behavior": behaviour}, key)

    def _update(self, held: SubscriptionFacts, asked: Any, key: str) -> None:
        with self._told():
            self._once(key, lambda by: self._client.subscriptions.update(held.subscription_id, asked, by))

    def cancel_at_end(self, held: SubscriptionFacts, *, to: str, reason: str, words: str, key: str) -> None:
        """Let a subscription end with its period; what becomes of the workspace then stands in its metadata."""
        details: Any = {"comment": words, **({"feedback": reason} if reason else {})}
        said = {CANCEL_TO: to, CANCEL_REASON: reason}
        self._update(held, {"cancel_at_period_end": True, "cancellation_details": details, "metadata": said}, key)

    def take_back(self, held: SubscriptionFacts, *, key: str) -> None:
        """Let a subscription go on that was to end."""
        said: Any = {"metadata": {CANCEL_TO: "", CANCEL_REASON: ""}}
        ends: Any = {"cancel_at_period_end": False} if held.cancel_at_period_end else {"cancel_at": ""}
        self._update(held, {**ends, **said}, key)

    def pay_by_default(self, held: SubscriptionFacts, *, key: str) -> None:
        """Let a subscription be paid by what its customer pays by now, and try what is open by it.

        Checkout gives a subscription a way to pay of its own, which counts before the customer's; and Stripe does not
        try again by itself because there is another one.
        """
        with self._told():
            customer = self._client.customers.retrieve(held.customer_id).to_dict(for_json=True)
            method = reading.identity((customer.get("invoice_settings") or {}).get("default_payment_method"))
            if not method:
                return
            has = self._client.subscriptions.retrieve(held.subscription_id).to_dict(for_json=True)
            if reading.identity(has.get("default_payment_method")) not in ("", method):
                self._update(held, {"default_payment_method": method}, key)
            open_ones: Any = {"subscription": held.subscription_id, "status": "open"}
            owed = list(self._all("invoices", open_ones)) if held.owes else []
        waits = held.waiting.invoice_id if held.waiting else ""
        for id in (one["id"] for one in owed if one["id"] != waits):
            with suppress(CardDeclined, StripeRefused), self._told():  # it stays owed; or was paid a moment ago
                self._pay(id, method, f"{key}-{id}")

    def _pay(self, invoice_id: str, method: str, key: str) -> None:
        self._once(key, lambda by: self._client.invoices.pay(invoice_id, {"payment_method": method}, by))

    def end(self, subscription_id: str, *, credit: bool, key: str) -> None:
        """End a subscription now; with `credit` what was paid for days to come counts towards what is paid next.

        One that has ended already, or is gone, is no error.
        """
        asked: Any = {"invoice_now": True, "prorate": True} if credit else {}
        try:
            with self._told():
                self._once(key, lambda by: self._client.subscriptions.cancel(subscription_id, asked, by))
        except StripeRefused as refused:
            if refused.code != "resource_missing":
                raise
