"""A customer that Stripe has no more: deleted there by hand, or the key is of another account or mode by now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from structlog.testing import capture_logs

from billing.errors import CustomerGone, NothingToDo
from billing.invoices import invoices, upcoming
from billing.leaving import leave_stripe
from billing.models import Subscription
from billing.portal import portal_url
from billing.reconciling import reconcile
from billing.seats import preview
from billing.stripe_facts import InvoicePage
from tenants.db import SHARED, db
from tests.billing.company import Company, Shop
from tests.support.rows import Rows

GONE = "customer is not there at Stripe any more"


def delete(shop: Shop, customer_id: str | None) -> None:
    """What an operator does in Stripe's dashboard."""
    shop.double.request("DELETE", f"/v1/customers/{customer_id}")


def spoil(company: Company, **values: Any) -> None:
    with db.engines[SHARED].begin() as connection:
        connection.execute(update(Subscription).where(Subscription.tenant_id == company.id).values(**values))


def of_another_mode(company: Company) -> None:
    """The row is of the times of the test key: Stripe knows nothing of it by this one."""
    delete(company.shop, company.row.customer_id)
    company.shop.lose()
    spoil(company, customer_id="cus_of_test_mode", subscription_id="sub_of_test_mode", price_id="price_of_test_mode")


def test_a_deleted_customer_goes_on_without_a_subscription(shop: Shop, acme: Company) -> None:
    acme.subscribe("business")
    was = acme.row.customer_id
    delete(shop, was)
    with capture_logs() as logs:
        shop.deliver()
    row = acme.row
    assert (row.state, row.source, row.plan, row.customer_id, row.subscription_id) == (
        "free",
        "none",
        "free",
        None,
        None,
    )
    assert acme.plan["key"] == "free"
    assert any(one["event"] == GONE and one["customer"] == was and one["log_level"] == "error" for one in logs)
    assert all(worked_at and not error for _id, worked_at, error in shop.events())
    shop.goes_on(days=3)
    assert acme.row.state == "free"


def test_what_was_owed_is_over_with_the_customer(shop: Shop, acme: Company) -> None:
    acme.subscribe("team", "month")
    shop.double.cards(acme.row.customer_id or "", "declined")
    shop.goes_on(days=33)
    assert acme.row.state == "past_due"
    shop.goes_on(days=15)
    assert (acme.row.state, acme.status) == ("read_only", "read_only")
    delete(shop, acme.row.customer_id)
    shop.deliver()
    assert (acme.row.state, acme.row.past_due_since, acme.status) == ("free", None, "active")


def test_a_trial_goes_on_without_its_customer(shop: Shop, acme: Company) -> None:
    acme.go_to_checkout()
    delete(shop, acme.row.customer_id)
    acme.settle()
    assert (acme.row.state, acme.row.customer_id) == ("trialing", None)
    shop.goes_on(days=15)
    assert acme.row.state == "free"


def test_who_has_closed_the_workspace_finds_it_closed(shop: Shop, acme: Company) -> None:
    acme.subscribe()
    acme.cancel("closed")
    shop.goes_on(days=32)
    before = acme.row
    assert before.state == "cancelled"
    delete(shop, before.customer_id)
    shop.deliver()
    assert (acme.row.state, acme.row.state_since) == ("cancelled", before.state_since)
    acme.subscribe()
    assert (acme.row.state, acme.status) == ("active", "active")
    assert acme.row.customer_id not in (None, before.customer_id)


def test_subscribing_again_makes_another_customer(shop: Shop, acme: Company) -> None:
    acme.subscribe()
    was = acme.row.customer_id
    delete(shop, was)
    shop.deliver()
    acme.subscribe("business", "year")
    assert (acme.row.state, acme.row.plan) == ("active", "business")
    assert acme.row.customer_id not in (None, was)
    assert acme.at_stripe.seats == acme.row.seats


def test_the_key_of_the_first_customer_does_not_bring_it_back(shop: Shop, acme: Company) -> None:
    """Stripe answers a request that it knows as it did the first time, for a day: with the customer that is gone."""
    acme.go_to_checkout()
    first = acme.row.customer_id
    delete(shop, first)
    acme.settle()
    assert acme.row.customer_id is None
    acme.go_to_checkout()
    second = acme.row.customer_id
    assert second not in (None, first)
    delete(shop, second)
    acme.subscribe()
    assert acme.row.customer_id not in (None, first, second)
    assert acme.row.state == "active"


@pytest.mark.parametrize("act", ["change", "cancel", "take_back", "portal"])
def test_no_act_fails_because_of_it(shop: Shop, acme: Company, act: str) -> None:
    acme.subscribe("team", "month")
    of_another_mode(acme)
    acts: dict[str, Callable[[], object]] = {
        "change": lambda: acme.change("business", "year"), "cancel": acme.cancel, "take_back": acme.take_back,
        "portal": lambda: portal_url(shop.settings, acme.tenant, return_url="http://crm.example/back"),
    }  # fmt: skip
    with pytest.raises(NothingToDo):
        acts[act]()
    assert (acme.row.state, acme.row.customer_id, acme.row.subscription_id) == ("free", None, None)
    acme.subscribe("business")
    assert acme.row.state == "active"


def test_who_only_foresees_is_told_and_writes_nothing(shop: Shop, acme: Company) -> None:
    acme.subscribe("team", "month")
    of_another_mode(acme)
    before = acme.row
    with pytest.raises(NothingToDo):
        preview(shop.settings, acme.tenant, 20)
    assert acme.row == before


def test_its_invoices_are_none(shop: Shop, acme: Company) -> None:
    acme.subscribe()
    of_another_mode(acme)
    assert invoices(shop.settings, acme.tenant) == InvoicePage()
    assert upcoming(shop.settings, acme.tenant) is None
    with pytest.raises(CustomerGone, match="cus_of_test_mode"):
        shop.gateway.facts("cus_of_test_mode")


def test_seats_that_are_due_wait_for_nobody(shop: Shop, acme: Company) -> None:
    acme.subscribe()
    acme.invite(3)
    of_another_mode(acme)
    shop.double.advance(hours=2)
    shop.turn()
    assert (acme.row.seats_due_at, acme.row.state) == (None, "free")


def test_leaving_stripe_twice_is_leaving_it_once(shop: Shop, acme: Company) -> None:
    """The job of a workspace that was deleted: a killed one had deleted the customer, who was never invoiced."""
    acme.go_to_checkout()
    customer = acme.row.customer_id or ""
    for _run in range(2):
        leave_stripe(shop.settings, customer)
    assert shop.double.request("GET", f"/v1/customers/{customer}")["deleted"]
    leave_stripe(shop.settings, "cus_of_test_mode")


def test_the_nightly_round_finds_it_and_says_so(shop: Shop, acme: Company) -> None:
    acme.subscribe()
    of_another_mode(acme)
    report = shop.reconcile()
    assert report.forgotten == [str(acme.id)]
    assert (report.failed, acme.row.state) == ({}, "free")
    again = shop.reconcile()
    assert (again.forgotten, again.mended, again.failed) == ([], {}, {})


@pytest.mark.parametrize("meant", [False, True])
def test_a_key_of_another_account_takes_nobodys_plan(shop: Shop, acme: Company, rows: Rows, meant: bool) -> None:
    """A wrong key must not put all who pay on the free plan in a night; who means it says so."""
    acme.subscribe()
    of_another_mode(acme)
    rows.customers(6, period_ends_at=shop.now + timedelta(days=20))
    report = reconcile(shop.settings, now=shop.now, forget=meant)
    if meant:
        assert str(acme.id) in report.forgotten
        assert acme.row.state == "free"
    else:
        assert set(report.failed) == {"key"}
        assert report.needs_a_person
        assert (acme.row.state, acme.row.customer_id) == ("active", "cus_of_test_mode")
