"""Products and prices at Stripe."""

from __future__ import annotations

from typing import Any

from billing import stripe_reading as reading
from billing.errors import StripeRefused
from billing.stripe_asking import Asking
from billing.stripe_facts import StripePrice
from billing.stripe_reading import INSTALLATION, PLAN

SAAS_FOR_BUSINESS = "txcd_10103001"
"""Stripe's tax code: software as a service, for business use (https://docs.stripe.com/tax/tax-codes)."""


class Shelf(Asking):
    """What is sold: a product for each plan, a price for each interval and currency."""

    def product_id(self, plan: str) -> str:
        """Return the id that a plan's product has at Stripe: of two installations in one account each has its own."""
        return f"crm_{self.installation.replace('-', '')[:16]}_{plan}"

    def product(self, plan: str) -> tuple[str, str] | None:
        """Return name and description of a plan's product; None where there is none yet."""
        try:
            with self._told():
                found = self._client.products.retrieve(self.product_id(plan))
        except StripeRefused as refused:
            if refused.code == "resource_missing":
                return None
            raise
        return found.name, found.description or ""

    def put_product(self, plan: str, name: str, description: str, *, is_new: bool) -> None:
        """Make a plan's product, or change its words."""
        words: Any = {"name": name, "description": description}
        with self._told():
            if not is_new:
                self._client.products.update(self.product_id(plan), words)
                return
            metadata = {INSTALLATION: self.installation, PLAN: plan}
            made: Any = {"id": self.product_id(plan), "metadata": metadata, "tax_code": SAAS_FOR_BUSINESS,
                         "unit_label": "seat"}  # fmt: skip
            self._client.products.create({**words, **made})

    def prices(self, plan: str) -> list[StripePrice]:
        """Return all prices of a plan, also those that are archived; none where there is no product yet."""
        try:
            with self._told():
                found = self._all("prices", {"product": self.product_id(plan)})
                return [reading.price(one) for one in found]
        except StripeRefused as refused:
            if refused.code == "resource_missing":
                return []
            raise

    def lookup_key_is_free(self, lookup_key: str) -> bool:
        """Whether no other installation in the same account uses a lookup key."""
        with self._told():
            found = self._client.prices.list({"lookup_keys": [lookup_key], "limit": 1}).data
            return not found or (found[0].to_dict().get("metadata") or {}).get(INSTALLATION) == self.installation

    def make_price(self, *, plan: str, interval: str, currency: str, amount: int, lookup_key: str, key: str) -> str:
        """Make a price for a seat; the lookup key, if any is given, is taken from the one that had it."""
        asked: Any = {
            "product": self.product_id(plan), "currency": currency.lower(), "unit_amount": amount,
            "recurring": {"interval": interval}, "tax_behavior": "exclusive",
            "metadata": {INSTALLATION: self.installation, PLAN: plan},
            **({"lookup_key": lookup_key, "transfer_lookup_key": True} if lookup_key else {}),
        }  # fmt: skip
        with self._told():
            return str(self._once(key, lambda by: self._client.prices.create(asked, by)).id)

    def set_price(self, price_id: str, *, active: bool, lookup_key: str = "") -> None:
        """Offer a price again, under its lookup key, or archive it: who has it keeps it."""
        asked: Any = {"active": active}
        if lookup_key:
            asked |= {"lookup_key": lookup_key, "transfer_lookup_key": True}
        with self._told():
            self._client.prices.update(price_id, asked)
