"""What a fuzzer has to be helped with where money is taken: plans that there are, and a subscription to change."""

from __future__ import annotations

from typing import Any

from billing import seats
from tenants.context import ActiveTenant
from tests.stripe import Double
from tests.support.clients import Browser, Phone
from tests.support.selling import subscribe

ANY = {"If-Match": "*"}
CHECKOUTS = 3
"""So often somebody may go to pay before they have paid: from then on there is something to change."""
OF_SUBSCRIBERS = {"change_plan", "cancel", "take_back", "foresee", "open_portal"}


class Payer:
    """Makes the data of operations of billing fit, and sees to it that there is something to pay, change and end."""

    def __init__(self, browser: Browser, phone: Phone, double: Double, tenant: ActiveTenant) -> None:
        self.browser, self.phone, self.double, self.tenant = browser, phone, double, tenant
        self.checkouts, self.pays = 0, False

    def help(self, case: Any, operation: str) -> None:
        """Change what a case says that is meant well."""
        if operation == "begin_checkout" and isinstance(case.body, dict):
            case.body = {"plan": "team", "interval": "month", "currency": "EUR"}
            self.checkouts += 1
        if operation not in OF_SUBSCRIBERS or self.checkouts < CHECKOUTS:
            return
        if not self.pays:
            # The largest plan: the others let programs ask so often only.
            assert subscribe(self.browser, self.double, "business").endswith("/settings/billing")
            with self.browser.application.app_context():
                seats.want(self.tenant, 1_000)  # so that nobody is asked for more who invites
            self.pays = True
        if operation in ("change_plan", "cancel", "take_back"):
            case.headers["If-Match"] = "*"
        if operation == "take_back":
            self.phone.put("/billing/cancellation", json={"to": "free", "reason": "unused"}, headers=ANY)
        if operation == "change_plan" and isinstance(case.body, dict):
            self.phone.delete("/billing/cancellation", headers=ANY)
            case.body["plan"] = "business"
        if operation == "foresee" and isinstance(case.body, dict):
            case.body.pop("plan", None)
            case.body.pop("interval", None)
