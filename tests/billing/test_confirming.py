"""A change whose bank asks first (3-D Secure): it waits at Stripe, is confirmed there, taken back, or over."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from billing import changing
from billing.errors import CardDeclined, ConfirmationNeeded, NothingToDo
from billing.invoices import invoices
from tests.billing.company import Company, Shop


@pytest.fixture
def asked(shop: Shop, acme: Company) -> Company:
    """acme, on Team by the month, with a card whose bank asks each time."""
    acme.subscribe("team", "month", card="3ds_always")
    shop.goes_on(days=3)
    return acme


def ask(company: Company, plan: str = "business", interval: str = "month") -> ConfirmationNeeded:
    with pytest.raises(ConfirmationNeeded) as found:
        company.change(plan, interval)
    return found.value


def waiting(shop: Shop, company: Company) -> Any:
    return changing.waiting(shop.settings, company.tenant, now=shop.now)


def invoice_of(shop: Shop, url: str) -> str:
    assert url.startswith(f"{shop.double.url}/i/"), "the page of the invoice, where the bank is answered"
    return url.rpartition("/")[2]


def test_it_is_told_apart_from_a_decline_and_changes_nothing(shop: Shop, asked: Company) -> None:
    found = ask(asked)
    assert found.until == shop.now + timedelta(hours=23)
    assert (asked.row.plan, asked.row.state, asked.plan["key"]) == ("team", "active", "team")
    shown = waiting(shop, asked)
    assert (shown.plan, shown.interval, shown.seats, shown.url) == ("business", "month", asked.row.seats, found.url)
    assert shown.amount > 0
    shop.deliver()
    assert (asked.row.state, asked.row.past_due_since, asked.status) == ("active", None, "active")
    shop.double.cards(asked.row.customer_id or "", "declined")
    with pytest.raises(CardDeclined) as declined:
        asked.change("business", "year")
    assert not declined.value.asks


def test_confirmed_it_holds_and_is_paid_once(shop: Shop, asked: Company) -> None:
    found = ask(asked)
    shop.double.acts.pay_invoice(invoice_of(shop, found.url), "3ds_always")
    shop.deliver()
    assert (asked.row.plan, asked.at_stripe.plan, asked.plan["key"]) == ("business", "business", "business")
    assert asked.movements == ["converted", "upgraded"]
    assert waiting(shop, asked) is None
    assert [one.state for one in invoices(shop.settings, asked.tenant).lines] == ["paid", "paid"]
    assert shop.reconcile().mended == {}


def test_whoever_comes_back_before_the_webhook_sees_it(shop: Shop, asked: Company) -> None:
    found = ask(asked)
    shop.double.acts.pay_invoice(invoice_of(shop, found.url), "3ds_always")
    assert waiting(shop, asked) is None
    assert asked.row.plan == "business"


def test_taken_back_it_is_charged_never(shop: Shop, asked: Company) -> None:
    found = ask(asked)
    changing.take_back(shop.settings, asked.tenant, actor=asked.owner)
    assert waiting(shop, asked) is None
    assert shop.double.request("GET", f"/v1/invoices/{invoice_of(shop, found.url)}")["status"] == "void"
    with pytest.raises(NothingToDo):
        changing.take_back(shop.settings, asked.tenant, actor=asked.owner)
    shop.deliver()
    assert asked.row.plan == "team"


def test_not_confirmed_it_is_over_by_itself(shop: Shop, asked: Company) -> None:
    ask(asked)
    shop.goes_on(hours=24)
    assert waiting(shop, asked) is None
    assert (asked.row.plan, asked.row.state) == ("team", "active")
    assert asked.movements == ["converted"]


def test_asked_for_again_it_is_the_same_and_another_takes_its_place(shop: Shop, asked: Company) -> None:
    first = ask(asked)
    assert ask(asked).url == first.url
    second = ask(asked, "business", "year")
    assert second.url != first.url
    assert shop.double.request("GET", f"/v1/invoices/{invoice_of(shop, first.url)}")["status"] == "void"
    assert waiting(shop, asked).interval == "year"
    asked.change("team", "month")  # the one that is there
    assert waiting(shop, asked) is None


@pytest.mark.parametrize("trouble", ["after", "connection"])
def test_an_answer_that_is_lost_leaves_what_is_seen(shop: Shop, asked: Company, trouble: str) -> None:
    shop.double.trouble(trouble, times=1, path=f"/v1/subscriptions/{asked.row.subscription_id}")
    ask(asked)
    assert waiting(shop, asked).plan == "business"
    open_ones = shop.double.request("GET", "/v1/invoices", {"customer": asked.row.customer_id, "status": "open"})
    assert len(open_ones["data"]) == 1


def test_whoever_leaves_pays_for_no_larger_plan(shop: Shop, asked: Company) -> None:
    found = ask(asked)
    asked.cancel("free")
    assert shop.double.request("GET", f"/v1/invoices/{invoice_of(shop, found.url)}")["status"] == "void"
    assert asked.row.cancel_at_period_end


def test_seats_wait_for_it_and_are_set_after_it(shop: Shop, asked: Company) -> None:
    found = ask(asked)
    asked.invite(2)
    shop.goes_on(hours=2)
    assert asked.row.seats == asked.people() - 2
    assert asked.row.seats_due_at is not None
    assert asked.row.seats_due_at > found.until
    shop.double.acts.pay_invoice(invoice_of(shop, found.url), "3ds_always")
    shop.deliver()
    shop.goes_on(hours=2)
    assert (asked.row.plan, asked.row.seats, asked.at_stripe.seats) == ("business", asked.people(), asked.people())


def test_what_waits_is_no_debt(shop: Shop, asked: Company) -> None:
    """The renewal fails while it waits: what is owed is the renewal."""
    ends = asked.row.period_ends_at
    assert ends is not None
    shop.double.account.after_retries = "past_due"
    shop.goes_on(hours=(ends - shop.now).total_seconds() / 3600 - 1)
    ask(asked)
    shop.goes_on(hours=4)
    assert (asked.row.state, asked.row.past_due_since) == ("past_due", asked.at_stripe.unpaid_since)
    assert asked.row.past_due_since is not None
    assert asked.row.past_due_since > ends


def test_a_debit_is_changed_as_before(shop: Shop, acme: Company) -> None:
    """Bank debits can not wait; nobody is asked for an answer there."""
    acme.subscribe("team", "month", card="sepa")
    acme.change("business", "month")
    assert acme.row.plan == "business"
    assert waiting(shop, acme) is None
