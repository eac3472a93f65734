"""A workspace that is to be deleted is charged no more, whatever Stripe does; and nothing of its people stays here."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from billing.changing import preview
from billing.errors import ConfirmationNeeded, NothingToDo
from billing.models import StripeEvent
from saas_crm.workspaces.deleting import Certificate, certificates
from tenants.db import SHARED, db
from tests.billing import ending
from tests.billing.company import Company, Shop
from tests.support.cast import Cast
from tests.support.command import Call, call
from tests.support.installation import Installation
from tests.support.mailbox import Mailbox, body

__all__ = ["call"]


@pytest.fixture
def doomed(shop: Shop, installation: Installation, cast: Cast, tmp_path: Path) -> Company:
    return ending.doomed(shop, installation, tmp_path)


def living(shop: Shop, customer: str) -> list[str]:
    found = shop.double.request("GET", "/v1/subscriptions", {"customer": customer})["data"]
    return [one["id"] for one in found]


def test_it_ends_with_the_period_once_the_deletion_is_asked_for(shop: Shop, acme: Company, cast: Cast) -> None:
    acme.subscribe("team", "month")
    shop.goes_on(days=10)
    ends = acme.row.period_ends_at
    ending.ask(shop, acme, cast)
    shop.jobs()
    sub = acme.at_stripe
    assert (sub.cancel_at_period_end, sub.cancels_at, sub.cancel_reason) == (True, ends, "deletion")
    assert (acme.row.cancel_at_period_end, acme.row.cancel_to) == (True, "free")
    shop.goes_on(days=25)
    assert acme.at_stripe.status == "canceled"
    assert len(shop.double.request("GET", "/v1/invoices", {"customer": acme.row.customer_id})["data"]) == 1


def test_it_ends_on_the_day_where_the_period_is_longer(shop: Shop, acme: Company, cast: Cast) -> None:
    acme.subscribe("team", "year")
    ending.ask(shop, acme, cast)
    shop.jobs()
    sub = acme.at_stripe
    assert sub.cancels_at is not None
    assert not sub.cancel_at_period_end
    assert timedelta(days=30) <= sub.cancels_at - shop.now < timedelta(days=32)


def test_what_ends_on_a_day_is_not_changed(shop: Shop, acme: Company, cast: Cast) -> None:
    """Not at its period's end: Stripe's switch for that is off, and it ends all the same."""
    acme.subscribe("team", "year")
    ending.ask(shop, acme, cast)
    shop.jobs()
    assert not acme.at_stripe.cancel_at_period_end
    shop.double.requests.clear()
    with pytest.raises(NothingToDo):
        preview(shop.settings, acme.tenant, plan="business", interval="year")
    for plan, interval in (("business", "year"), ("team", "month")):
        with pytest.raises(NothingToDo):
            acme.change(plan, interval)
    assert [one.path for one in shop.double.requests if one.method == "POST"] == []
    assert (acme.row.plan, acme.row.next_plan, acme.at_stripe.plan) == ("team", "", "team")


def test_a_larger_plan_that_waits_for_the_bank_is_not_paid_for_any_more(
    shop: Shop, acme: Company, cast: Cast, mailbox: Mailbox
) -> None:
    """Whoever has the page of the bank open still could; and nobody is told that they did not."""
    acme.subscribe("team", "month", card="3ds_always")
    with pytest.raises(ConfirmationNeeded) as asked:
        acme.change("business", "month")
    ending.ask(shop, acme, cast)
    shop.jobs()
    assert acme.at_stripe.cancels_at is not None
    invoice = asked.value.url.rpartition("/")[2]
    assert shop.double.request("GET", f"/v1/invoices/{invoice}")["status"] == "void"
    shop.goes_on(days=2)
    assert [one for one in mailbox.arrived() if "not confirmed" in str(one["Subject"])] == []


@pytest.mark.parametrize("interval", ["month", "year"])
def test_taken_back_it_goes_on(shop: Shop, acme: Company, cast: Cast, interval: str) -> None:
    acme.subscribe("team", interval)
    ending.ask(shop, acme, cast)
    shop.jobs()
    ending.take_back(shop, acme, cast)
    shop.jobs()
    assert acme.at_stripe.cancels_at is None
    assert (acme.row.cancel_at_period_end, acme.row.cancel_to, acme.row.cancel_reason) == (False, "", "")
    assert acme.movements == ["converted", "cancel_asked", "cancel_taken_back"]
    shop.goes_on(days=32)
    assert acme.row.state == "active"


def test_what_a_person_had_cancelled_before_stays_cancelled(shop: Shop, acme: Company, cast: Cast) -> None:
    acme.subscribe()
    acme.cancel("free")
    ending.ask(shop, acme, cast)
    shop.jobs()
    assert acme.at_stripe.cancel_reason == "too_expensive"
    ending.take_back(shop, acme, cast)
    shop.jobs()
    assert acme.at_stripe.cancel_at_period_end
    assert acme.row.cancel_reason == "too_expensive"


def test_what_is_to_be_deleted_is_not_paid_on_by_a_click(shop: Shop, acme: Company, cast: Cast) -> None:
    """The page of billing leads to the deletion; what is taken back there is taken back here as well."""
    acme.subscribe()
    ending.ask(shop, acme, cast)
    shop.jobs()
    with pytest.raises(NothingToDo):
        acme.take_back()
    assert acme.at_stripe.cancels_at is not None


def test_who_looks_after_billing_is_told_once_and_nothing_of_free(
    shop: Shop, acme: Company, cast: Cast, mailbox: Mailbox
) -> None:
    acme.subscribe()
    ending.ask(shop, acme, cast)
    shop.goes_on(days=35, step=10)
    subjects = [str(mail["Subject"]) for mail in mailbox.arrived()]
    assert subjects.count("The subscription of Acme Instruments ends with it") == 1
    assert not [subject for subject in subjects if "free plan" in subject or "is cancelled" in subject]
    assert acme.row.state == "free", "the deletion itself is still to come"


@pytest.mark.parametrize("back", [False, True])
def test_a_silent_stripe_is_told_later(shop: Shop, acme: Company, cast: Cast, *, back: bool) -> None:
    """The job was given up: the hourly look finds that the subscription is not as the deletion wants it."""
    acme.subscribe()
    if back:
        ending.ask(shop, acme, cast)
        shop.jobs()
    shop.double.trouble("server_error", times=50)
    (ending.take_back if back else ending.ask)(shop, acme, cast)
    with pytest.raises(Exception, match="HTTP 500"):
        shop.jobs()
    shop.double.core.troubles.clear()
    assert (acme.at_stripe.cancels_at is not None) is back
    shop.turn()
    assert (acme.at_stripe.cancels_at is not None) is not back


def certificate_of(shop: Shop) -> Certificate:
    [found] = certificates(shop.settings.database_url)
    return found


def payloads() -> list[Any]:
    with db.engines[SHARED].connect() as connection:
        columns = (StripeEvent.payload, StripeEvent.object_id, StripeEvent.customer_id)
        of_it = StripeEvent.type.not_like("price.%"), StripeEvent.type.not_like("product.%")
        return list(connection.execute(select(*columns).where(*of_it)))


def test_the_deletion_ends_it_at_once_and_leaves_nothing_of_it_here(
    shop: Shop, doomed: Company, cast: Cast, mailbox: Mailbox
) -> None:
    doomed.subscribe("team", "year")
    customer = doomed.row.customer_id or ""
    assert any(payload for payload, *_ids in payloads())
    ending.ask(shop, doomed, cast)
    ending.delete(shop, doomed)
    assert living(shop, customer) == [], "before any job"
    shop.deliver()
    shop.deliver()
    assert len(payloads()) > 3, "also what came after it"
    assert {(len(payload), *ids) for payload, *ids in payloads()} == {(0, None, None)}
    assert [event for event in shop.events() if event.worked_at is None] == []
    assert certificate_of(shop).stays == {"stripe": customer}
    [mail] = [mail for mail in mailbox.arrived("owner@acme.example") if mail["Subject"] == "Doomed Ltd is deleted"]
    assert "invoices stay with the payment service" in body(mail)
    assert "deleted" not in shop.double.request("GET", f"/v1/customers/{customer}"), "its invoices have to be kept"


def test_a_silent_stripe_holds_no_deletion_up(shop: Shop, doomed: Company, cast: Cast) -> None:
    doomed.subscribe("team", "year")
    customer = doomed.row.customer_id or ""
    shop.double.trouble("server_error", times=50)
    ending.ask(shop, doomed, cast)
    ending.delete(shop, doomed)
    assert certificate_of(shop).slug == "doomed"
    shop.double.core.troubles.clear()
    assert len(living(shop, customer)) == 1
    shop.jobs()
    assert living(shop, customer) == []


def test_the_command_that_deletes_at_once_ends_it_as_well(shop: Shop, doomed: Company, call: Call) -> None:
    doomed.subscribe("team", "year")
    customer, settings = doomed.row.customer_id or "", shop.settings
    assert settings.stripe_secret_key is not None
    done = call("tenants", "delete", "doomed", "--now", "--yes",
                STRIPE_SECRET_KEY=settings.stripe_secret_key.get_secret_value(),
                STRIPE_API_BASE=settings.stripe_api_base, STRIPE_WEBHOOK_SECRET="whsec_double")  # fmt: skip
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["stays"] == {"stripe": customer}
    assert f"{customer} stays at stripe" in call("tenants", "certificates").output
    shop.jobs()
    assert living(shop, customer) == []


def test_a_customer_who_never_paid_is_deleted_at_stripe(shop: Shop, doomed: Company, cast: Cast) -> None:
    session = doomed.go_to_checkout()
    customer = doomed.row.customer_id or ""
    ending.ask(shop, doomed, cast)
    ending.delete(shop, doomed)
    shop.jobs()
    assert shop.double.request("GET", f"/v1/customers/{customer}")["deleted"]
    assert shop.double.request("GET", f"/v1/checkout/sessions/{session}")["status"] == "expired"
    assert certificate_of(shop).stays == {}


def test_what_is_taken_back_on_the_last_day_was_not_ended(shop: Shop, doomed: Company, cast: Cast) -> None:
    doomed.subscribe()
    ending.ask(shop, doomed, cast)
    shop.jobs()
    ending.take_back(shop, doomed, cast)
    ending.delete(shop, doomed)
    shop.jobs()
    assert doomed.at_stripe.cancels_at is None
    assert doomed.row.state == "active"
