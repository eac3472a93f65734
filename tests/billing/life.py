"""A subscription's life by chance: what people, Stripe, the network and the clock do in any order."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from billing import changing, seats
from billing.errors import BillingError, ConfirmationNeeded
from billing.rules import standing_of
from billing.settling import OF_STANDING
from billing.stripe_facts import NO_FACTS
from billing.stripe_reading import NEVER_BEGAN
from saas_crm.workspaces.ending import ask_deletion, keep
from tenants.runtime import runtime_directory
from tests.billing.beginnings import AS_NEW, BEGINNINGS
from tests.billing.company import Shop
from tests.stripe.errors import Refused
from tests.stripe.webhooks import Post
from tests.support.installation import Installation

CARDS = ["works", "declined", "insufficient_funds", "3ds", "3ds_always", "fails_later"]
PLANS, INTERVALS = st.sampled_from(["team", "business"]), st.sampled_from(["month", "year"])


class Life(RuleBasedStateMachine):
    """One workspace. `shop` and what Stripe is like at the beginning are set by the test."""

    shop: Shop
    beginning: dict[str, Any]
    begins: ClassVar[str] = "on trial"
    installation: Installation
    ended: ClassVar[Counter[str]] = Counter()
    """How many lives came to their end, by the state the subscription had then."""
    done: ClassVar[Counter[str]] = Counter()
    """How often each act of people came through: what is always refused proves nothing."""

    @initialize()
    def begin_somewhere(self) -> None:
        """Begin on trial, or where it would take a life by chance long to come to, if it ever did."""
        self.begin()
        plan, interval, card = BEGINNINGS[self.begins]
        if plan:
            self.acme.subscribe(plan, interval, card=card)
        if self.begins == "asked by the bank":
            self.change_to("business", "month")
        if self.begins == "owing":
            self.shop.double.account.after_retries = "past_due"
            self.shop.double.cards(self.acme.row.customer_id or "", "declined")
            self.shop.goes_on(days=32, step=32)

    def begin(self) -> None:
        """Begin anew, on trial."""
        self.shop.double.load(self.beginning)
        with self.installation.place.owner() as connection:
            connection.execute(AS_NEW)
        runtime_directory().forget()  # else it is the workspace of the life before, to be deleted perhaps
        self.acme = self.shop.company("acme")
        with self.installation.place.owner() as connection:
            connection.execute(f"DELETE FROM {self.acme.tenant.schema_name}.invitations")
        self.posts: list[Post] = []

    @contextmanager
    def tries(self, act: str) -> Iterator[None]:
        """Do what people do in the workspace as it is by then, which may be refused; counted is what was done."""
        self.acme.tenant = runtime_directory().renew(self.acme.id) or self.acme.tenant
        try:
            yield
        except ConfirmationNeeded:
            self.done["was asked by the bank"] += 1
        except (BillingError, Refused):
            return
        else:
            self.done[act] += 1

    # What people do

    @rule(plan=PLANS, interval=INTERVALS, card=st.sampled_from(CARDS), extra=st.integers(0, 3))
    def subscribe(self, plan: str, interval: str, card: str, extra: int) -> None:
        with self.tries("subscribed"):
            self.shop.double.acts.pay(self.acme.go_to_checkout(plan, interval, self.acme.people() + extra), card)

    @precondition(lambda self: not self.acme.row.subscription_id)
    @rule(plan=PLANS, interval=INTERVALS)
    def decide(self, plan: str, interval: str) -> None:
        """Subscribe as most people do, of whom the others are made up: with a card that works."""
        self.subscribe(plan, interval, "works", 0)

    @rule(plan=PLANS, interval=INTERVALS)
    def pay_in_two_tabs(self, plan: str, interval: str) -> None:
        """The page of before is still open somewhere, and both are paid."""
        with self.tries("paid twice"):
            first = self.acme.go_to_checkout(plan, interval)
            self.shop.double.acts.pay(first)
            troubles, self.shop.double.core.troubles[:] = list(self.shop.double.core.troubles), []
            self.acme.pay_a_second_time()
            self.shop.double.core.troubles[:] = troubles

    @rule(plan=PLANS, interval=INTERVALS)
    def change(self, plan: str, interval: str) -> None:
        self.change_to(plan, interval)

    def change_to(self, plan: str, interval: str) -> None:
        """Change plan or interval."""
        with self.tries("changed"):
            self.acme.change(plan, interval)

    @rule(to=st.sampled_from(["free", "closed"]))
    def cancel(self, to: str) -> None:
        with self.tries("cancelled"):
            self.acme.cancel(to)

    @rule()
    def take_back(self) -> None:
        with self.tries("stayed"):
            self.acme.take_back()

    @rule(answer=st.sampled_from(["3ds_always", "3ds_refused", "works"]))
    def answer_the_bank(self, answer: str) -> None:
        """At the page of the invoice that a change waits for."""
        for one in self._living():
            if one["pending_update"]:
                with self.tries("answered the bank"):
                    self.shop.double.acts.pay_invoice(one["latest_invoice"], answer)

    @rule()
    def take_the_change_back(self) -> None:
        with self.tries("took a change back"):
            changing.take_back(self.shop.settings, self.acme.tenant, actor=self.acme.owner, now=self.shop.now)

    @rule(count=st.integers(1, 3))
    def invite(self, count: int) -> None:
        self.acme.invite(count)

    @rule(count=st.integers(1, 3))
    def withdraw(self, count: int) -> None:
        self.acme.withdraw(count)

    @rule(count=st.integers(1, 12))
    def want(self, count: int) -> None:
        with self.tries("wanted seats"):
            seats.want(self.acme.tenant, count, now=self.shop.now)

    @rule()
    def ask_for_the_deletion(self) -> None:
        settings = self.shop.settings
        ask_deletion(settings.database_url, settings.base_url, self.acme.tenant, actor=self.acme.owner)

    @rule()
    def keep_it_after_all(self) -> None:
        keep(self.shop.settings.database_url, self.acme.tenant, actor=self.acme.owner)

    # What happens at Stripe

    @rule(does=st.sampled_from(["works", "declined", "3ds_always"]))
    def cards(self, does: str) -> None:
        if customer := self.acme.row.customer_id:
            self.shop.double.cards(customer, does)

    @rule()
    def pay_what_is_owed(self) -> None:
        if customer := self.acme.row.customer_id:
            self.shop.double.acts.change_card(customer, "works")
            for one in self._at("invoices", customer=customer, status="open"):
                with suppress(Refused):
                    self.shop.double.acts.pay_invoice(one["id"])

    @rule(at_once=st.booleans())
    def cancel_in_the_dashboard(self, at_once: bool) -> None:
        for one in self._living():
            with suppress(Refused):
                self.shop.double.acts.cancel(one["id"], at_period_end=not at_once)

    # What the network does

    @rule(seed=st.integers(0, 9), most=st.integers(0, 30), twice=st.booleans())
    def webhooks_come(self, seed: int, most: int, twice: bool) -> None:
        """Some of those that wait, in any order, some twice; the others come later, or never."""
        self.posts += self.shop.double.webhooks.take()
        random.Random(seed).shuffle(self.posts)
        come, self.posts = self.posts[:most], self.posts[most:]
        for post in come + (come[::2] if twice else []):
            with suppress(BillingError):  # one that is late by now is old, and refused
                self.shop.receive(post)
        self._work()

    @rule(every=st.integers(1, 3))
    def webhooks_are_lost(self, every: int) -> None:
        self.posts += self.shop.double.webhooks.take()
        self.posts = self.posts[::every][1:]

    @rule(kind=st.sampled_from(["after", "connection", "server_error", "rate_limit"]), times=st.integers(1, 4))
    def stripe_is_in_trouble(self, kind: str, times: int) -> None:
        self.shop.double.trouble(kind, times=times)

    # What the clock does

    @rule(hours=st.sampled_from([1, 5, 24, 24 * 6, 24 * 15, 24 * 31]))
    def time_passes(self, hours: int) -> None:
        self.shop.double.advance(hours=hours)

    @rule()
    def an_hour_strikes(self) -> None:
        with suppress(BillingError):
            self.shop.turn()

    @rule()
    def night_falls(self) -> None:
        with suppress(BillingError):
            self.shop.reconcile()

    def _work(self) -> None:
        with suppress(BillingError):
            self.shop.jobs()

    # What must be so in the end

    def teardown(self) -> None:
        if not hasattr(self, "acme"):
            return
        self.shop.double.core.troubles.clear()
        self.take_the_change_back()
        self._come_to_rest()
        self._is_as_at_stripe()
        self._is_paid_once()
        assert self.shop.double.violations == []
        self.ended[self.acme.row.state] += 1

    def _come_to_rest(self) -> None:
        """After the nightly round, and the hour in which changes are gathered, nothing is left to be mended."""
        self.shop.reconcile()
        for _round in range(2):
            self.shop.double.advance(hours=1)
            self.shop.turn()
        self.shop.reconcile()
        assert self.shop.reconcile().mended == {}
        assert [event for event in self.shop.events() if event.worked_at is None] == []

    def _is_as_at_stripe(self) -> None:
        row, living = self.acme.row, self._living()
        assert len(living) <= 1
        facts = self.shop.gateway.facts(row.customer_id) if row.customer_id else NO_FACTS
        standing = standing_of(facts, row, self.shop.now)
        assert {name: getattr(row, name) for name in OF_STANDING} == {
            name: getattr(standing, name) for name in OF_STANDING
        }
        for one in living:
            item = one["items"]["data"][0]
            assert (row.source, row.subscription_id) == ("stripe", one["id"])
            assert one["pending_update"] is None
            assert (row.seats, row.price_id) == (item["quantity"], item["price"]["id"])
            assert row.cancel_at_period_end == (one["cancel_at"] is not None), "with its period, or its workspace"
            assert row.state == "active" if one["status"] == "active" else row.state in ("past_due", "read_only")
            if self.shop.deletion_asked(self.acme) is not None:
                assert one["cancel_at"] is not None, "what is to be deleted begins no other period"
            elif one["cancel_at"] is not None:
                assert one["metadata"].get("cancel_reason") != "deletion", "what was taken back goes on"
        assert self.acme.plan["state"] == row.state
        assert self.acme.plan["key"] == ("free" if row.state == "free" else row.plan)
        open_to_work = row.state not in ("read_only", "cancelled") and self.shop.deletion_asked(self.acme) is None
        assert (self.acme.status == "active") == open_to_work

    def _is_paid_once(self) -> None:
        """Every seat that people sit on is paid for, and no period of a subscription is charged twice."""
        row, living = self.acme.row, self._living()
        if living:
            assert row.seats >= seats.to_buy(row.plan, self.acme.people(), None)
        if row.seats_due_at is not None:
            assert row.seats_due_at > self.shop.now - timedelta(hours=1)
        charged: Counter[tuple[Any, ...]] = Counter()
        for invoice in self._at("invoices", customer=row.customer_id) if row.customer_id else []:
            if invoice["status"] == "void":
                continue
            for line in invoice["lines"]["data"]:
                about = (line["parent"] or {}).get("subscription_item_details") or {}
                if about and not about["proration"]:
                    charged[
                        about["subscription"], line["period"]["start"], line["pricing"]["price_details"]["price"]
                    ] += 1
        assert [key for key, times in charged.items() if times > 1] == []

    def _living(self) -> list[dict[str, Any]]:
        found = self._at("subscriptions", customer=self.acme.row.customer_id) if self.acme.row.customer_id else []
        return [one for one in found if one["status"] not in NEVER_BEGAN]

    def _at(self, kind: str, **which: Any) -> list[dict[str, Any]]:
        core = self.shop.double.core
        troubles, core.troubles[:] = list(core.troubles), []  # it is the test that looks
        found: list[dict[str, Any]] = self.shop.double.request("GET", f"/v1/{kind}", {"limit": 100, **which})["data"]
        core.troubles[:] = troubles
        return found
