"""A change whose bank was never answered is over by itself: who looks after billing is told, once, and only then.

And what is owed because the bank asks at a renewal: it is told so that one finds where to answer.
"""

from __future__ import annotations

import pytest

from billing import changing
from billing.errors import ConfirmationNeeded
from billing.events import replay
from tests.billing.company import Company, Shop
from tests.support.installation import Installation
from tests.support.mailbox import Mailbox, body

OVER = "the change was not confirmed"


@pytest.fixture
def letters(installation: Installation) -> Mailbox:
    return Mailbox(installation)


@pytest.fixture
def asked(shop: Shop, acme: Company) -> Company:
    """acme, on Team by the month, which has asked for Business; the bank wants an answer."""
    acme.subscribe("team", "month", card="3ds_always")
    shop.goes_on(days=3)
    ask(acme)
    return acme


def ask(company: Company, plan: str = "business", interval: str = "month") -> str:
    with pytest.raises(ConfirmationNeeded) as found:
        company.change(plan, interval)
    return found.value.url.rpartition("/")[2]


def told(letters: Mailbox) -> list[str]:
    return [str(mail["Subject"]) for mail in letters.arrived() if OVER in str(mail["Subject"])]


def test_who_does_not_answer_is_told_once(shop: Shop, asked: Company, letters: Mailbox) -> None:
    shop.goes_on(hours=22)
    assert told(letters) == []
    shop.goes_on(hours=2)
    assert told(letters) == ["Acme Instruments stays on Team: the change was not confirmed"]
    [mail] = [one for one in letters.arrived() if OVER in str(one["Subject"])]
    assert mail["To"] == "owner@acme.example"
    assert "nothing is charged" in body(mail)
    assert "/acme/settings/billing/plans" in body(mail)
    [event] = shop.double.events("customer.subscription.pending_update_expired")
    assert replay(event["id"])
    shop.goes_on(days=2)
    assert len(told(letters)) == 1


def test_the_second_one_is_told_too(shop: Shop, asked: Company, letters: Mailbox) -> None:
    shop.goes_on(hours=24)
    ask(asked)
    shop.goes_on(hours=24)
    assert len(told(letters)) == 2


def test_by_the_nightly_round_where_the_webhook_was_lost(shop: Shop, asked: Company, letters: Mailbox) -> None:
    shop.double.advance(hours=24)
    shop.lose()
    assert told(letters) == []
    shop.reconcile()
    assert len(told(letters)) == 1


@pytest.mark.parametrize("how", ["confirmed", "taken back", "left", "another", "the one that is there"])
def test_who_ended_it_themselves_is_not(shop: Shop, asked: Company, letters: Mailbox, how: str) -> None:
    if how == "confirmed":
        shop.double.acts.pay_invoice(ask(asked), "3ds_always")
    elif how == "taken back":
        changing.take_back(shop.settings, asked.tenant, actor=asked.owner)
    elif how == "left":
        asked.cancel("free")
    elif how == "another":
        shop.double.acts.pay_invoice(ask(asked, "business", "year"), "3ds_always")
    else:
        asked.change("team", "month")
    shop.goes_on(days=2)
    assert told(letters) == []


def test_nor_is_who_has_it_by_another_way_or_pays_no_more(shop: Shop, asked: Company, letters: Mailbox) -> None:
    """The webhook is late: by then the plan was paid by another card."""
    shop.double.advance(hours=24)
    shop.double.cards(asked.row.customer_id or "", "works")
    asked.change("business", "month")
    shop.deliver()
    assert told(letters) == []


@pytest.mark.parametrize("interval", ["month", "year"])
def test_a_renewal_whose_bank_asks_is_owed_told_and_confirmed(
    shop: Shop, acme: Company, letters: Mailbox, interval: str
) -> None:
    shop.double.account.after_retries = "past_due"
    acme.subscribe("team", interval, card="3ds_always")
    shop.goes_on(days=32 if interval == "month" else 366, step=30)
    assert (acme.row.state, acme.status) == ("past_due", "active")
    [mail] = [one for one in letters.arrived() if "did not come through" in str(one["Subject"])]
    assert "the bank wants the payment to be confirmed" in " ".join(body(mail).split())
    url = acme.at_stripe.unpaid_url
    assert url.startswith(f"{shop.double.url}/i/"), "where the bank is answered"
    shop.double.acts.pay_invoice(url.rpartition("/")[2], "3ds_always")
    shop.deliver()
    assert (acme.row.state, acme.row.past_due_since) == ("active", None)
    assert acme.movements[-1] == "recovered"
