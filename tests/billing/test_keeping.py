"""An event that comes while a job of its customer begins is worked on by that job or the next, and waits for none."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, text

from billing import events
from billing.events import Received
from billing.keeping import lock_of, unworked
from billing.models import StripeEvent
from tenants.db import SHARED, db
from tests.billing.company import Company, Shop
from tests.billing.test_webhooks import signed
from tests.stripe.webhooks import Post
from tests.support.installation import Installation
from tests.support.mailbox import queued

_HOLD = text("SELECT pg_advisory_xact_lock_shared(hashtextextended(:lock, 0))")


@pytest.fixture
def posts(shop: Shop, acme: Company) -> list[Post]:
    """Events about acme's customer that have not come yet."""
    shop.double.acts.pay(acme.go_to_checkout())
    return [post for post in shop.double.webhooks.take() if post.type.startswith(("customer.subscription", "invoice"))]


def test_a_job_waits_for_who_keeps_an_event_at_that_moment(
    shop: Shop, selling: Flask, posts: list[Post], acme: Company
) -> None:
    """Their transaction is longer than usual: the job looks when it has ended, and not before."""
    shop.receive(posts[0])
    customer = acme.row.customer_id or ""
    found: list[list[str]] = []

    def look() -> None:
        with selling.app_context():
            found.append(unworked(customer))

    with db.engines[SHARED].begin() as connection:
        connection.execute(_HOLD, {"lock": lock_of(customer)})
        looking = threading.Thread(target=look)
        looking.start()
        _until(_waits, looking)
        connection.execute(insert(StripeEvent).values(
            id="evt_meanwhile", type="invoice.paid", customer_id=customer, created_at=shop.now, livemode=False,
            payload={},
        ))  # fmt: skip
    looking.join(30)
    assert found == [[json.loads(posts[0].body)["id"], "evt_meanwhile"]]


def test_one_that_comes_after_the_job_began_queues_the_next(
    shop: Shop, posts: list[Post], installation: Installation
) -> None:
    shop.receive(posts[0])
    with installation.place.owner() as connection:
        connection.execute("DELETE FROM jobs.procrastinate_jobs WHERE task_name <> 'billing.work_event'")
        connection.execute("SET search_path = jobs, pg_catalog")
        connection.execute("UPDATE procrastinate_jobs SET status = 'doing'")
    assert shop.receive(posts[1]) == Received.KEPT
    assert [name for name, _ in queued(installation)] == ["billing.work_event"]


def test_many_events_are_one_job(shop: Shop, posts: list[Post], installation: Installation, acme: Company) -> None:
    for post in posts:
        shop.receive(post)
    assert [name for name, _ in queued(installation)].count("billing.work_event") == 1
    shop.double.requests.clear()
    shop.jobs()
    assert {bool(worked_at) for _id, worked_at, _error in shop.events()} == {True}
    asked = [one.path for one in shop.double.requests if one.path == "/v1/subscriptions"]
    assert len(asked) == 1, "looked up once for all of them"


@pytest.mark.parametrize("odd", ["\x00", "\ud800"])
def test_a_text_that_cannot_be_kept_costs_no_event(shop: Shop, posts: list[Post], acme: Company, odd: str) -> None:
    told: dict[str, Any] = json.loads(posts[0].body)
    told["data"]["object"]["name"] = f"Acme{odd}"
    assert events.receive(**signed(shop, json.dumps(told).encode())) == Received.KEPT
    shop.jobs()
    assert [error for _id, _at, error in shop.events()] == [None]
    assert acme.row.state == "active"


def _until(holds: Callable[[], bool], thread: threading.Thread) -> None:
    while not holds():
        assert thread.is_alive()


def _waits() -> bool:
    """Whether somebody waits for a lock of this kind."""
    with db.engines[SHARED].connect() as connection:
        asked = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        return bool(connection.scalar(asked))
