"""Events that nobody has worked on: taken up again in order, ever later, and given up at last, which is told."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select, update
from structlog.testing import capture_logs

from billing import catching_up, events
from billing.catching_up import AT_ONCE, KEPT, LEFT_BEHIND
from billing.events import MOST_ATTEMPTS
from billing.models import StripeEvent, Subscription
from tenants.db import SHARED, db
from tests.billing.company import Company, Shop
from tests.support.installation import Installation
from tests.support.mailbox import queued


def left(shop: Shop, *, age: timedelta, customer: str = "cus_x", **values: Any) -> str:
    """An event that was kept some time ago, and its job is lost."""
    name = f"evt_{uuid4().hex}"
    row = {"id": name, "type": "invoice.paid", "customer_id": customer, "created_at": shop.now, "livemode": False,
           "received_at": shop.now - age, "payload": {}, **values}  # fmt: skip
    with db.engines[SHARED].begin() as connection:
        connection.execute(StripeEvent.__table__.insert().values(row))
    return name


def kept(name: str) -> Any:
    with db.engines[SHARED].connect() as connection:
        return connection.execute(select(StripeEvent.worked_at, StripeEvent.error, StripeEvent.attempts).where(
            StripeEvent.id == name)).one_or_none()  # fmt: skip


def taken_up(shop: Shop, installation: Installation) -> list[str]:
    catching_up.take_up_again(shop.now)
    return [args["customer"] for name, args in queued(installation) if name == "billing.work_event"]


def test_the_oldest_come_first_and_not_all_at_once(
    shop: Shop, acme: Company, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, hours in enumerate((3, 9, 1, 7)):
        left(shop, age=timedelta(hours=hours), customer=f"cus_{number}")
    left(shop, age=LEFT_BEHIND / 2, customer="cus_just_now")
    monkeypatch.setattr(catching_up, "AT_ONCE", 3)
    assert AT_ONCE >= 3
    assert taken_up(shop, installation) == ["cus_1", "cus_3", "cus_0"]


@pytest.mark.parametrize(("attempts", "hours", "again"), [
    (0, 0.2, True), (6, 0.6, False), (6, 0.7, True), (12, 2.6, False), (12, 2.7, True), (24, 42, False), (24, 43, True),
    (29, 24 * 7, True), (30, 24 * 89, False),
])  # fmt: skip
def test_who_fails_often_is_taken_up_later_and_at_last_not_at_all(
    shop: Shop, acme: Company, installation: Installation, attempts: int, hours: float, again: bool
) -> None:
    left(shop, age=timedelta(hours=hours), attempts=attempts, error="StripeRefused: x")
    assert taken_up(shop, installation) == (["cus_x"] if again else [])


def test_a_person_is_told_once_that_it_is_given_up(shop: Shop, acme: Company) -> None:
    name = left(shop, age=timedelta(hours=1), attempts=MOST_ATTEMPTS - 1)
    with capture_logs() as logs:
        events.mark_failed([name], "StripeRefused: x")
        events.mark_failed([name], "StripeRefused: x")
    assert [one["events"] for one in logs if "given up" in one["event"]] == [[name]]
    [row] = events.listed(failed=True, limit=5)
    assert row.attempts > MOST_ATTEMPTS
    assert events.replay(name)
    assert kept(name).attempts == 0


def test_old_ones_are_forgotten_and_those_that_wait_are_not(shop: Shop, acme: Company) -> None:
    ages = KEPT + timedelta(days=1)
    worked, given_up = left(shop, age=ages, worked_at=shop.now), left(shop, age=ages, attempts=MOST_ATTEMPTS)
    waits, young = left(shop, age=ages), left(shop, age=KEPT - timedelta(days=1), worked_at=shop.now)
    catching_up.take_up_again(shop.now)
    assert [kept(name) is not None for name in (worked, given_up, waits, young)] == [False, False, True, True]


def test_an_event_of_a_workspace_that_is_gone_is_done(shop: Shop, acme: Company) -> None:
    acme.subscribe()
    shop.double.acts.cancel(acme.row.subscription_id or "", at_period_end=False)
    posts = shop.double.webhooks.take()
    told = json.loads(posts[-1].body)
    told["data"]["object"]["metadata"]["tenant_id"] = str(uuid4())
    with db.engines[SHARED].begin() as connection:
        gone = update(Subscription).where(Subscription.tenant_id == acme.id)
        connection.execute(gone.values(customer_id="cus_of_somebody_else"))
        connection.execute(StripeEvent.__table__.insert().values(
            id=told["id"], type=told["type"], customer_id=told["data"]["object"]["customer"], created_at=shop.now,
            livemode=False, payload=told, tenant_id=uuid4(),
        ))  # fmt: skip
        events.defer_work(connection, told["data"]["object"]["customer"])
    shop.jobs()
    row = kept(told["id"])
    assert (row.worked_at is not None, row.error) == (True, None)


def test_what_there_is_nothing_to_do_about_is_done(shop: Shop, acme: Company) -> None:
    """Another card, and the subscription has ended by the time one looks."""
    acme.subscribe()
    shop.double.acts.change_card(acme.row.customer_id or "", "works")
    posts = shop.double.webhooks.take()
    shop.double.acts.cancel(acme.row.subscription_id or "", at_period_end=False)
    for post in posts:
        shop.receive(post)
    shop.jobs()
    assert all(worked_at and not error for _id, worked_at, error in shop.events())


def test_a_customer_that_another_workspace_has_is_left_there(shop: Shop, acme: Company) -> None:
    acme.subscribe()
    other = shop.company("other")
    with capture_logs() as logs:
        events.know_customer(other.id, acme.row.customer_id or "")
    assert other.row.customer_id is None
    assert [one["event"] for one in logs] == ["customer is another workspace's already"]


def test_missed_events_are_found_by_few_statements(shop: Shop, acme: Company) -> None:
    from tests.billing.test_reconciling_many import statements

    acme.subscribe()
    acme.cancel()
    acme.take_back()
    shop.lose()
    since: datetime = shop.now - timedelta(days=1)
    told = list(shop.gateway.events_since(since))
    assert len(told) > 3
    missed = catching_up.keep_missed(told, shop.now)
    assert missed
    with statements("") as said:
        assert catching_up.keep_missed(told, shop.now) == []
    assert len(said) == 2, "who we are, and which are known"
