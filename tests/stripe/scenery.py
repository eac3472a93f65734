"""A tour of all that the double can do, so that each of its answers can be looked at."""

from __future__ import annotations

from typing import Any

from tests.stripe.double import Double


class Tour:
    """Asks a double for everything it has learned."""

    def __init__(self, double: Double) -> None:
        self._double = double

    def all(self) -> None:
        """Walk through it once."""
        self.catalogue()
        self.people()
        self.life()
        self.discounted()
        self.bills()
        self.around()

    def post(self, path: str, **params: Any) -> Any:
        """Ask by POST."""
        return self._double.request("POST", f"/v1/{path}", params)

    def get(self, path: str, **params: Any) -> Any:
        """Ask by GET."""
        return self._double.request("GET", f"/v1/{path}", params)

    def delete(self, path: str, **params: Any) -> Any:
        """Ask by DELETE."""
        return self._double.request("DELETE", f"/v1/{path}", params)

    def catalogue(self) -> None:
        """Products and prices of all kinds."""
        self.product = self.post("products", name="Team", metadata={"plan": "team"}, description="For teams")
        self.post(f"products/{self.product['id']}", name="Team seats")
        self.get(f"products/{self.product['id']}")
        self.get("products", active=True, limit=3)
        self.delete(f"products/{self.post('products', name='Never sold')['id']}")
        self.month = self.price(1200, "month", lookup_key="team_month")
        self.year = self.price(12000, "year", nickname="Yearly")
        self.price(500, "month", currency="jpy")
        self.price(12_345, "month", currency="kwd")
        tiers = [{"up_to": 5, "unit_amount": 0, "flat_amount": 900}, {"up_to": "inf", "unit_amount": 700}]
        self.tiered = self.post(
            "prices", product=self.product["id"], currency="eur", recurring={"interval": "month"},
            billing_scheme="tiered", tiers_mode="graduated", tiers=tiers,
        )  # fmt: skip
        self.get(f"prices/{self.tiered['id']}", expand=["tiers", "product"])
        self.post(f"prices/{self.year['id']}", lookup_key="team_month", transfer_lookup_key=True, active=True)
        self.get("prices", lookup_keys=["team_month"], expand=["data.product"])
        self.post("prices", currency="eur", unit_amount_decimal="0.5", product_data={"name": "Once"})

    def price(self, amount: int, interval: str, currency: str = "eur", **more: Any) -> Any:
        """Make a price per seat."""
        recurring = {"interval": interval}
        product = self.product["id"]
        return self.post("prices", product=product, currency=currency, unit_amount=amount, recurring=recurring, **more)

    def people(self) -> None:
        """Customers, tax ids, payment methods."""
        self.customer = self.post(
            "customers", email="a@b.example", name="Ann", address={"country": "DE", "city": "Ulm"},
            preferred_locales=["zh-TW"], metadata={"tenant": "1"},
            tax_id_data=[{"type": "eu_vat", "value": "DE123456789"}],
        )  # fmt: skip
        id = self.customer["id"]
        self.post(f"customers/{id}", phone="+49 1", metadata={"tenant": "", "other": "x"})
        self.get(f"customers/{id}", expand=["tax_ids", "subscriptions", "tax"])
        self.get("customers", email="a@b.example")
        added = self.post(f"customers/{id}/tax_ids", type="eu_vat", value="DE987654321")
        self.get(f"customers/{id}/tax_ids")
        self.delete(f"customers/{id}/tax_ids/{added['id']}")
        method = self.post("payment_methods", type="card", card={"token": "tok_visa"})
        self.post(f"payment_methods/{method['id']}/attach", customer=id)
        self.post(f"customers/{id}", invoice_settings={"default_payment_method": method["id"]})
        self.post(f"payment_methods/{method['id']}", metadata={"a": "b"})
        self.get(f"payment_methods/{method['id']}", expand=["customer"])
        spare = self.post("payment_methods/pm_card_visa/attach", customer=id)
        self.post(f"payment_methods/{spare['id']}/detach")
        for kind in ("sepa_debit", "alipay", "wechat_pay"):
            self.post("payment_methods", type=kind)
        self.get("payment_methods", customer=id, type="card")
        self.get(f"customers/{id}/payment_methods")
        gone = self.post("customers", email="gone@b.example")
        self.delete(f"customers/{gone['id']}")
        self.get(f"customers/{gone['id']}")

    def session(self, **more: Any) -> Any:
        """Begin a Checkout."""
        wanted = {
            "mode": "subscription", "customer": self.customer["id"], "success_url": "http://here.example/back",
            "line_items": [{"price": self.month["id"], "quantity": 3}], "cancel_url": "http://here.example/no",
        }  # fmt: skip
        return self.post("checkout/sessions", **{**wanted, **more})

    def life(self) -> None:
        """A subscription from its purchase to its end."""
        double = self._double
        session = self.session(
            subscription_data={"metadata": {"tenant": "1"}}, automatic_tax={"enabled": True},
            customer_update={"address": "auto", "name": "auto"}, tax_id_collection={"enabled": True},
        )  # fmt: skip
        id = double.acts.pay(session["id"], address={"country": "FR"}, tax_id=("eu_vat", "FR1"))["subscription"]
        self.get(f"checkout/sessions/{session['id']}", expand=["line_items", "subscription.latest_invoice", "customer"])
        self.get(f"checkout/sessions/{session['id']}/line_items")
        self.get("checkout/sessions", customer=self.customer["id"])
        self.post(f"checkout/sessions/{self.session()['id']}/expire")
        setup = self.session(mode="setup", line_items=[], currency="eur")
        self.get(f"setup_intents/{setup['setup_intent']}")
        double.acts.pay(setup["id"], "3ds")
        double.advance(days=9)
        subscription = self.get(f"subscriptions/{id}", expand=["latest_invoice.payments", "default_payment_method"])
        item = subscription["items"]["data"][0]["id"]
        change = {"items": [{"id": item, "quantity": 5}], "proration_behavior": "create_prorations"}
        self.post("invoices/create_preview", subscription=id, subscription_details=change)
        self.post(f"subscriptions/{id}", **change)
        self.get("invoiceitems", customer=self.customer["id"], pending=True)
        yearly = [{"id": item, "price": self.year["id"], "quantity": 5}]
        self.post(f"subscriptions/{id}", items=yearly, proration_behavior="always_invoice", expand=["latest_invoice"])
        double.acts.cancel(id, feedback="too_expensive")
        self.post(f"subscriptions/{id}", cancel_at_period_end=False)
        double.cards(self.customer["id"], "declined")
        double.advance(days=366)
        self.get("subscriptions", customer=self.customer["id"], status="all", expand=["data.latest_invoice"])
        double.acts.change_card(self.customer["id"])
        self.delete(f"subscriptions/{id}", prorate=True, invoice_now=True)

    def discounted(self) -> None:
        """Coupons, promotion codes, trials."""
        coupon = self.post("coupons", percent_off=25, duration="repeating", duration_in_months=3, name="A quarter")
        self.post("coupons", id="ten", amount_off=1000, currency="eur", duration="once")
        self.get("coupons/ten")
        self.post("coupons/ten", name="Ten")
        self.get("coupons")
        self.delete("coupons/ten")
        code = self.post("promotion_codes", promotion={"type": "coupon", "coupon": coupon["id"]}, code="QUARTER")
        self.get(f"promotion_codes/{code['id']}", expand=["promotion.coupon"])
        self.post(f"promotion_codes/{code['id']}", metadata={"a": "b"})
        self.get("promotion_codes", code="QUARTER")
        session = self.session(allow_promotion_codes=True)
        bought = self._double.acts.pay(session["id"], code="quarter")
        self.get(f"subscriptions/{bought['subscription']}", expand=["discounts", "latest_invoice.discounts"])
        trial = self.post(
            "subscriptions", customer=self.customer["id"], items=[{"price": self.tiered["id"], "quantity": 7}],
            trial_period_days=14, trial_settings={"end_behavior": {"missing_payment_method": "pause"}},
        )  # fmt: skip
        self._double.advance(days=15)
        self.get(f"subscriptions/{trial['id']}", expand=["latest_invoice.lines.data.pricing.price_details.price"])

    def bills(self) -> None:
        """Invoices by hand and by mail."""
        customer = self.post("customers", email="bills@b.example", payment_method="pm_card_visa")["id"]
        self._double.acts.change_card(customer)
        item = self.post("invoiceitems", customer=customer, amount=700, currency="eur", description="A day's help")
        self.delete(f"invoiceitems/{item['id']}")
        for end in ("pay", "void", "mark_uncollectible", "send"):
            self.post("invoiceitems", customer=customer, amount=700, currency="eur", description="A day's help")
            made = self.post("invoices", customer=customer, pending_invoice_items_behavior="include", currency="eur")
            self.post(f"invoices/{made['id']}", description="Help")
            self.post(f"invoices/{made['id']}/finalize", auto_advance=False)
            shown = self.get(f"invoices/{made['id']}", expand=["confirmation_secret", "payments", "customer"])
            self.get(f"payment_intents/{shown['payments']['data'][0]['payment']['payment_intent']}")
            self.post(f"invoices/{made['id']}/{end}")
            self.get(f"invoices/{made['id']}/lines")
        self.delete(f"invoices/{self.post('invoices', customer=customer, currency='eur')['id']}")
        sent = self.post(
            "subscriptions", customer=customer, items=[{"price": self.month["id"], "quantity": 2}],
            collection_method="send_invoice", days_until_due=14,
        )  # fmt: skip
        self._double.advance(days=20)
        self.get("invoices", subscription=sent["id"], status="open")

    def around(self) -> None:
        """Events, endpoints, test clocks, the portal, a subscription that rests."""
        self.get(f"events/{self.get('events', limit=1)['data'][0]['id']}")
        made = self.post("webhook_endpoints", url="http://here.example/hook", enabled_events=["*"])
        self.post(f"webhook_endpoints/{made['id']}", disabled=True)
        self.get(f"webhook_endpoints/{made['id']}")
        self.get("webhook_endpoints")
        self.delete(f"webhook_endpoints/{made['id']}")
        clock = self.post("test_helpers/test_clocks", frozen_time=self._double.now, name="Ours")
        alone = self.post("customers", email="clock@b.example", test_clock=clock["id"])
        rests = self.post(
            "subscriptions", customer=alone["id"], items=[{"price": self.month["id"]}], trial_period_days=14,
            trial_settings={"end_behavior": {"missing_payment_method": "pause"}},
        )  # fmt: skip
        self.post(f"test_helpers/test_clocks/{clock['id']}/advance", frozen_time=self._double.now + 15 * 86_400)
        self.get(f"test_helpers/test_clocks/{clock['id']}")
        self.get("test_helpers/test_clocks")
        self._double.acts.change_card(alone["id"])
        self.post(f"subscriptions/{rests['id']}/resume")
        self.delete(f"test_helpers/test_clocks/{clock['id']}")
        made = self.post(
            "billing_portal/configurations", business_profile={"headline": "Ours"},
            features={"invoice_history": {"enabled": True}},
        )  # fmt: skip
        self.post(f"billing_portal/configurations/{made['id']}", active=False)
        self.get(f"billing_portal/configurations/{made['id']}")
        self.get("billing_portal/configurations")
        self.post("billing_portal/sessions", customer=self.customer["id"], return_url="http://here.example/")
        self.post("billing_portal/sessions", customer=self.customer["id"], flow_data={"type": "payment_method_update"})
