"""What persons do in Stripe's own pages, without a browser."""

from __future__ import annotations

from typing import Any

from tests.stripe.changing import change
from tests.stripe.collecting import attempt
from tests.stripe.completing import complete
from tests.stripe.errors import Refused, declined
from tests.stripe.payment_methods import attach, new_method, said
from tests.stripe.shapes import written
from tests.stripe.subscriptions import end
from tests.stripe.world import World


class Acts:
    """A person at Checkout, in the portal, or at an invoice. All of them answer with the object as it is then."""

    def __init__(self, world: World) -> None:
        self._world = world

    def pay(
        self, session_id: str, card: str = "works", *, code: str = "", address: dict[str, str] | None = None,
        name: str = "", tax_id: tuple[str, str] | None = None, email: str = "",
    ) -> dict[str, Any]:  # fmt: skip
        """Fill in Checkout. Raises Refused, 402, for a card that is declined: the session stays open."""
        session = self._get("checkout.session", session_id)
        with self._world.lock, self._world.at(self._world.moment_of(session["customer"])):
            complete(self._world, session, card, code=code, address=address, name=name, tax_id=tax_id, email=email)
            return self._written(session)

    def leave(self, session_id: str) -> str:
        """Go back without buying; return where the person is led."""
        return str(self._get("checkout.session", session_id)["cancel_url"])

    def change_card(self, customer_id: str, card: str = "works") -> dict[str, Any]:
        """Put in another card, for the customer: a subscription goes on with what it was given by Checkout.

        What is open is not tried again: Stripe promises that of a new `source` of old alone (description of
        POST /v1/customers/{customer}), so a program that needs it asks for `POST /v1/invoices/{}/pay` itself.
        """
        with self._world.lock, self._world.at(self._world.moment_of(customer_id)):
            customer = self._get("customer", customer_id)
            method = attach(self._world, new_method(self._world, card), customer_id, set_up=True)
            self._world.cards.pop(customer_id, None)
            customer["invoice_settings"]["default_payment_method"] = method["id"]
            self._world.tell("customer.updated", customer)
            return self._written(customer)

    def cancel(self, subscription_id: str, *, at_period_end: bool = True, feedback: str = "", comment: str = "") -> Any:
        """End a subscription in the portal."""
        with self._at_home(subscription_id) as subscription:
            said = {"feedback": feedback or None, "comment": comment or None}
            if at_period_end:
                change(self._world, subscription, {"cancel_at_period_end": True, "cancellation_details": said})
            else:
                subscription["cancellation_details"] |= said
                end(self._world, subscription, "cancellation_requested")
            return self._written(subscription)

    def resume(self, subscription_id: str) -> Any:
        """Take a cancellation at the period's end back."""
        with self._at_home(subscription_id) as subscription:
            return self._written(change(self._world, subscription, {"cancel_at_period_end": False}))

    def pay_invoice(self, invoice_id: str, card: str = "works") -> dict[str, Any]:
        """Pay an open invoice at its page. Raises Refused, 402, for a card that is declined."""
        invoice = self._get("invoice", invoice_id)
        with self._world.lock, self._world.at(self._world.moment_of(invoice["customer"])):
            if invoice["status"] not in ("open", "uncollectible"):
                raise Refused(400, f"Invoice is already {invoice['status']}")
            method = new_method(self._world, card)
            if why := attempt(self._world, invoice, method, on_session=True):
                raise declined(why, said(why))
            return self._written(invoice)

    def _at_home(self, subscription_id: str) -> Any:
        return _AtHome(self._world, self._get("subscription", subscription_id))

    def _get(self, kind: str, id: str) -> dict[str, Any]:
        return self._world.get(kind, id)

    def _written(self, held: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = written(self._world, held)
        return found


class _AtHome:
    """The time that a subscription's customer lives in, under the lock."""

    def __init__(self, world: World, subscription: dict[str, Any]) -> None:
        self._world, self._subscription = world, subscription
        self._at = world.at(world.moment_of(subscription["customer"]))

    def __enter__(self) -> dict[str, Any]:
        self._world.lock.acquire()
        self._at.__enter__()
        return self._subscription

    def __exit__(self, *error: Any) -> None:
        self._at.__exit__(*error)
        self._world.lock.release()
