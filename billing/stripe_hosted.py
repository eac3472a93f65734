"""Customers at Stripe, and the pages of Stripe's that they are sent to."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from uuid import UUID

from billing import stripe_reading as reading
from billing.errors import StripeRefused
from billing.stripe_confirming import Confirming
from billing.stripe_reading import INSTALLATION, TENANT


class Hosted(Confirming):
    """Customers, Checkout and portal, and changes that are confirmed at the page of their invoice."""

    def make_customer(self, tenant_id: UUID, instead_of: str = "") -> str:
        """Return a tenant's customer: said again within a day, by whomever, it is the same one.

        `instead_of` is the one that Stripe has no more: by the former key it would answer with that one.
        """
        asked: Any = {"metadata": {INSTALLATION: self.installation, TENANT: str(tenant_id)}}
        key = "-".join(filter(None, ("customer", self.installation, str(tenant_id), instead_of)))
        with self._told():
            return str(self._once(key, lambda by: self._client.customers.create(asked, by)).id)

    def tell_customer(self, customer_id: str, *, name: str, email: str, languages: list[str]) -> None:
        """Tell Stripe what a customer is called, where mails go and in which language invoices are written."""
        asked: Any = {"name": name, "email": email, "preferred_locales": languages}
        with self._told():
            self._client.customers.update(customer_id, asked)

    def start_checkout(
        self, customer_id: str, tenant_id: UUID, *, price_id: str, seats: int, language: str, success_url: str,
        cancel_url: str, key: str,
    ) -> str:  # fmt: skip
        """Return the address of a hosted page where a subscription is paid; older ones of the customer end.

        No way to pay is named, so Stripe offers those that are usual where the customer is.
        """
        metadata = {INSTALLATION: self.installation, TENANT: str(tenant_id)}
        asked: Any = {
            "mode": "subscription", "customer": customer_id, "client_reference_id": str(tenant_id),
            "line_items": [{"price": price_id, "quantity": seats}], "metadata": metadata,
            "subscription_data": {"metadata": metadata}, "automatic_tax": {"enabled": True},
            "tax_id_collection": {"enabled": True}, "customer_update": {"address": "auto", "name": "auto"},
            "billing_address_collection": "required", "allow_promotion_codes": True, "locale": language,
            "success_url": success_url, "cancel_url": cancel_url,
        }  # fmt: skip
        with self._told():
            made = self._once(key, lambda by: self._client.checkout.sessions.create(asked, by))
            self._end_older_checkouts(customer_id, (made.created, made.id))
        return str(made.url)

    def _end_older_checkouts(self, customer_id: str, than: tuple[int, str]) -> None:
        """Leave one page open that can be paid: of two that are asked for at once the later stays, whoever looks."""
        for one in self._all("checkout/sessions", {"customer": customer_id, "status": "open"}):
            if (one["created"], one["id"]) < than:
                with suppress(StripeRefused), self._told():  # it was paid, or over, a moment ago
                    self._client.checkout.sessions.expire(one["id"])

    def customer_of_checkout(self, session_id: str) -> tuple[str, UUID | None]:
        """Return whose a Checkout page is: the customer, and the tenant if it is this installation's."""
        with self._told():
            found = self._client.checkout.sessions.retrieve(session_id).to_dict()
        metadata = found.get("metadata") or {}
        ours = metadata.get(INSTALLATION) == self.installation
        return reading.identity(found.get("customer")), reading.tenant_in(metadata) if ours else None

    def open_portal(self, customer_id: str, *, configuration: str, return_url: str, language: str, flow: str) -> str:
        """Return the address of Stripe's page where a customer changes how they pay, and sees invoices."""
        asked: Any = {
            "customer": customer_id, "configuration": configuration, "return_url": return_url, "locale": language,
        }  # fmt: skip
        if flow:
            asked["flow_data"] = {"type": flow}
        with self._told():
            return str(self._client.billing_portal.sessions.create(asked).url)

    def portal_configuration(self, instead_of: str = "") -> str:
        """Return the id of our portal: how one pays, addresses and invoices; plans and seats are changed with us.

        `instead_of` is one that was refused. One that was switched off is left; by the key under which it was made
        Stripe would answer with it for a day.
        """
        with self._told():
            ours = [
                one for one in self._all("billing_portal/configurations", {})
                if (one.get("metadata") or {}).get(INSTALLATION) == self.installation
            ]  # fmt: skip
            found = next((one for one in ours if one["active"] and one["id"] != instead_of), None)
            if found is not None:
                return str(found["id"])
            asked: Any = {
                "features": {
                    "customer_update": {"enabled": True, "allowed_updates": ["name", "email", "address", "tax_id"]},
                    "invoice_history": {"enabled": True}, "payment_method_update": {"enabled": True},
                },
                "metadata": {INSTALLATION: self.installation},
            }  # fmt: skip
            made = self._client.billing_portal.configurations.create
            key = "-".join(filter(None, ("portal", self.installation, instead_of, str(len(ours) or ""))))
            return str(self._once(key, lambda by: made(asked, by)).id)
