"""A small shop at Stripe that the double's own tests buy in: prices, a customer, a subscription."""

from __future__ import annotations

from typing import Any

from tests.stripe.double import Double


class Shop:
    """Two prices for seats, and who buys them."""

    def __init__(self, double: Double) -> None:
        self.double = double
        self.product = self.post("products", name="Team")["id"]
        self.month = self.price(1000, "month")
        self.year = self.price(10_000, "year")
        self.customer = self.post("customers", email="a@b.example", address={"country": "DE"})["id"]

    def post(self, path: str, **params: Any) -> Any:
        """Ask by POST."""
        return self.double.request("POST", f"/v1/{path}", params)

    def get(self, path: str, **params: Any) -> Any:
        """Ask by GET."""
        return self.double.request("GET", f"/v1/{path}", params)

    def price(self, amount: int, interval: str, currency: str = "eur") -> str:
        """Make a price per seat and return its id."""
        recurring = {"interval": interval}
        made = self.post("prices", product=self.product, currency=currency, unit_amount=amount, recurring=recurring)
        return str(made["id"])

    def session(self, **more: Any) -> Any:
        """Begin a Checkout for three seats by the month."""
        wanted = {
            "mode": "subscription", "customer": self.customer, "success_url": "http://a.example/{CHECKOUT_SESSION_ID}",
            "cancel_url": "http://a.example/no", "line_items": [{"price": self.month, "quantity": 3}],
        }  # fmt: skip
        return self.post("checkout/sessions", **{**wanted, **more})

    def buy(self, card: str = "works", **more: Any) -> str:
        """Buy three seats by the month and return the subscription's id."""
        return str(self.double.acts.pay(self.session(**more)["id"], card)["subscription"])

    def change(self, subscription: str, **params: Any) -> Any:
        """Change the only item of a subscription (`price`, `quantity`), and other things of it."""
        item = {name: params.pop(name) for name in ("price", "quantity") if name in params}
        id = self.get(f"subscriptions/{subscription}")["items"]["data"][0]["id"]
        return self.post(f"subscriptions/{subscription}", items=[{"id": id, **item}], **params)

    def status(self, subscription: str) -> str:
        """Return a subscription's status."""
        return str(self.get(f"subscriptions/{subscription}")["status"])

    def invoices(self, subscription: str) -> list[Any]:
        """Return a subscription's invoices, oldest first."""
        return list(self.get("invoices", subscription=subscription, limit=100)["data"][::-1])
