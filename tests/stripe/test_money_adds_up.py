"""Whatever is changed when: what was invoiced and what is pending is what the seats cost while they were held."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.stripe import Double
from tests.stripe.shop import Shop

DAY = 86_400
ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.integers(1, 20 * DAY)),
        st.tuples(
            st.just("change"),
            st.tuples(
                st.integers(1, 9),
                st.sampled_from(["cheap", "dear", "yearly"]),
                st.sampled_from(["create_prorations", "always_invoice"]),
            ),
        ),
    ),
    max_size=14,
)


class Ledger:
    """Counts seat by seat and second by second what a subscription costs, and what Stripe asked for."""

    def __init__(self) -> None:
        self.double = Double()
        self.shop = Shop(self.double)
        self.prices = {"cheap": self.shop.month, "dear": self.shop.price(2711, "month"), "yearly": self.shop.year}
        self.subscription = self.shop.buy()
        self.used = Fraction(0)

    @property
    def item(self) -> Any:
        """The only item as it is."""
        return self.shop.get(f"subscriptions/{self.subscription}")["items"]["data"][0]

    def _cost(self, item: Any, seconds: int) -> Fraction:
        whole = item["price"]["unit_amount"] * item["quantity"]
        return Fraction(whole * seconds, item["current_period_end"] - item["current_period_start"])

    def wait(self, seconds: int) -> None:
        """Let time pass, from one period's end to the next."""
        until = self.double.now + seconds
        while self.double.now < until:
            item, before = self.item, self.double.now
            self.double.advance_to(min(until, item["current_period_end"]))
            self.used += self._cost(item, self.double.now - before)

    def asked_for(self) -> int:
        """Return the sum of all invoices, and of what waits for the next."""
        invoices = self.shop.get("invoices", subscription=self.subscription, limit=100)["data"]
        pending = self.shop.get("invoiceitems", customer=self.shop.customer, pending=True, limit=100)["data"]
        return sum(row["total"] for row in invoices) + sum(row["amount"] for row in pending)

    def owed(self) -> Fraction:
        """Return what was used, and what is paid in advance for the rest of the period."""
        item = self.item
        return self.used + self._cost(item, item["current_period_end"] - self.double.now)


@settings(max_examples=150)
@given(acts=ACTS)
def test_no_second_of_a_seat_is_unpaid_or_paid_twice(acts: list[tuple[str, Any]]) -> None:
    ledger, changes = Ledger(), 0
    for act, what in acts:
        if act == "wait":
            ledger.wait(what)
        else:
            seats, price, how = what
            ledger.shop.change(ledger.subscription, quantity=seats, price=ledger.prices[price], proration_behavior=how)
            changes += 1
        # Each change rounds two lines down, by less than one of the smallest unit each.
        assert -2 * changes <= ledger.asked_for() - ledger.owed() <= 0
    assert ledger.double.violations == []


@settings(max_examples=60)
@given(acts=ACTS)
def test_every_invoice_is_the_sum_of_its_lines_and_every_balance_is_kept(acts: list[tuple[str, Any]]) -> None:
    ledger = Ledger()
    for act, what in acts:
        if act == "wait":
            ledger.wait(what)
        else:
            ledger.shop.change(
                ledger.subscription, quantity=what[0], price=ledger.prices[what[1]], proration_behavior=what[2]
            )
    balance = 0
    for invoice in ledger.shop.invoices(ledger.subscription):
        assert invoice["total"] == sum(line["amount"] for line in invoice["lines"]["data"])
        if invoice["status"] == "draft":
            continue
        assert invoice["status"] == "paid"
        assert invoice["starting_balance"] == balance
        assert invoice["amount_due"] == invoice["amount_paid"] == max(0, invoice["total"] + balance)
        balance = invoice["ending_balance"]
        assert balance <= 0
    assert ledger.shop.get(f"customers/{ledger.shop.customer}")["balance"] == balance
