"""Many customers cost few requests and few statements; what is wrong with one, or with Stripe, stops no other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, update

from billing.errors import StripeUnreachable
from billing.held import Held
from billing.models import BillingIdentity, Subscription
from billing.reconciling import reconcile
from billing.rules import standing_of
from billing.settling import OF_STANDING
from billing.stripe_facts import StripeFacts
from tenants.db import SHARED, db
from tests.billing.company import Company, Shop
from tests.support.rows import Rows

MANY = 250


@contextmanager
def statements(about: str) -> Iterator[list[str]]:
    """Note what is said to the database about something."""
    said: list[str] = []

    def note(*told: Any) -> None:
        if about in told[2]:
            said.append(told[2])

    engine = db.engines[SHARED]
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(engine, "before_cursor_execute", note)


def subscribe_many(shop: Shop, rows: Rows, count: int = MANY) -> list[UUID]:
    """Let workspaces without people pay, and be held as they are at Stripe; what was told of it is long ago."""
    request, ours = shop.double.request, {"installation": shop.gateway.installation}
    price = request("GET", "/v1/prices", {"lookup_keys": ["crm_team_month_eur"]})["data"][0]["id"]
    ids = [UUID(int=number + 1) for number in range(count)]
    for tenant_id in ids:
        metadata = {**ours, "tenant_id": str(tenant_id)}
        customer = request("POST", "/v1/customers", {"metadata": metadata, "email": "a@x.example"})["id"]
        request("POST", "/v1/subscriptions", {
            "customer": customer, "items": [{"price": price, "quantity": 1}], "metadata": metadata,
            "collection_method": "send_invoice", "days_until_due": 30,
        })  # fmt: skip
    shop.double.advance(days=5)
    shop.lose()
    for sub in shop.gateway.subscriptions():
        if sub.tenant_id in ids:
            row = nothing(sub.tenant_id, shop.now)
            standing = standing_of(StripeFacts(sub.customer_id, sub), row, shop.now)
            row = replace(row, customer_id=sub.customer_id, **{name: getattr(standing, name) for name in OF_STANDING})
            said = {name: value for name, value in asdict(row).items() if value is not None}
            rows.make(sub.tenant_id.int, **said | {"told": []})
    return ids


def nothing(tenant_id: UUID, at: datetime) -> Held:
    """What is held of who has never paid."""
    none: dict[str, Any] = {one.name: None for one in fields(Held)}
    words = ("interval", "currency", "next_plan", "next_interval", "cancel_to", "cancel_reason", "cancel_words",
             "invoice_number")  # fmt: skip
    return Held(**none | dict.fromkeys(words, "") | {
        "tenant_id": tenant_id, "plan": "free", "source": "none", "state": "free", "seats": 0, "state_since": at,
        "cancel_at_period_end": False, "asked": 0, "settled": 0, "told": (),
    })  # fmt: skip


def spoil(tenant_id: UUID, **values: Any) -> None:
    with db.engines[SHARED].begin() as connection:
        connection.execute(update(Subscription).where(Subscription.tenant_id == tenant_id).values(**values))


def test_many_customers_are_few_requests_and_few_statements(shop: Shop, acme: Company, rows: Rows) -> None:
    subscribe_many(shop, rows)
    acme.subscribe()
    shop.double.requests.clear()
    with statements("FROM public.subscriptions") as said:
        report = shop.reconcile()
    assert (report.looked, report.closely, report.mended, report.failed) == (MANY + 1, 0, {}, {})
    paths = [one.path for one in shop.double.requests]
    assert paths.count("/v1/subscriptions") == 3, "a hundred at a time"
    assert len(paths) - paths.count("/v1/events") == 3
    assert len(said) <= 3 + 3, "one for each page; then those that were not met, those who pay, and seats that are due"


def test_only_who_differs_is_looked_at_closely(shop: Shop, acme: Company, rows: Rows) -> None:
    subscribe_many(shop, rows, 120)
    acme.subscribe("business")
    spoil(acme.id, seats=99)
    shop.double.requests.clear()
    report = shop.reconcile()
    assert set(report.mended) == {str(acme.id)}
    assert report.closely == 1
    asked = [one.path for one in shop.double.requests if one.path != "/v1/events"]
    assert asked == ["/v1/subscriptions"] * 3, "two pages, and one of the customer that differs"


def test_events_are_fetched_before_anything_else(shop: Shop, acme: Company) -> None:
    acme.subscribe()
    shop.double.acts.cancel(acme.row.subscription_id or "", at_period_end=False)
    shop.lose()
    shop.double.requests.clear()
    report = shop.reconcile()
    assert shop.double.requests[0].path == "/v1/events"
    assert report.missed_events
    assert acme.row.state == "free"


def test_what_is_wrong_with_one_keeps_no_other_from_being_mended(shop: Shop, acme: Company, rows: Rows) -> None:
    [broken] = subscribe_many(shop, rows, 1)
    acme.subscribe("team")
    spoil(broken, seats=77)  # a workspace without tables: nothing of it can be written
    spoil(acme.id, seats=99)
    report = shop.reconcile()
    assert set(report.failed) == {str(broken)}
    assert set(report.mended) == {str(acme.id)}
    assert report.needs_a_person


def test_a_busy_stripe_is_one_customers_trouble(shop: Shop, acme: Company) -> None:
    acme.subscribe("team")
    spoil(acme.id, state="past_due", past_due_since=shop.now)
    shop.double.trouble("server_error", times=3, path="/v1/events")
    report = shop.reconcile()
    assert set(report.failed) == {"events"}
    assert set(report.mended) == {str(acme.id)}


def test_a_silent_stripe_ends_it_and_what_was_found_is_kept(shop: Shop, acme: Company) -> None:
    acme.subscribe()
    shop.double.trouble("connection", times=50, path="/v1/subscriptions")
    with pytest.raises(StripeUnreachable):
        shop.reconcile()
    shop.double.core.troubles.clear()
    with db.engines[SHARED].connect() as connection:
        assert connection.execute(db.select(BillingIdentity.reconciled_at)).scalar_one() == shop.now


def test_a_customer_that_is_another_workspaces_is_told(shop: Shop, acme: Company) -> None:
    """A row that was restored from an older copy wants the customer that another one has."""
    acme.subscribe()
    other = shop.company("other")
    other.subscribe()
    sub = shop.double.request("GET", f"/v1/subscriptions/{other.row.subscription_id}")
    metadata = {"installation": shop.gateway.installation, "tenant_id": str(acme.id)}
    shop.double.request("POST", f"/v1/subscriptions/{sub['id']}", {"metadata": metadata})
    shop.lose()
    report = reconcile(shop.settings, now=shop.now)
    assert (report.unknown, report.failed) == ([], {}), "the customer counts, not what the subscription says"
    assert other.row.state == "active"


def test_two_subscriptions_of_one_customer_are_looked_at(shop: Shop, acme: Company) -> None:
    """Two Checkouts were paid at once and no webhook came: the second is ended."""
    acme.subscribe("team")
    request, ours = shop.double.request, {"installation": shop.gateway.installation, "tenant_id": str(acme.id)}
    first = request("GET", f"/v1/subscriptions/{acme.row.subscription_id}")
    second = request("POST", "/v1/subscriptions", {
        "customer": acme.row.customer_id, "metadata": ours, "default_payment_method": first["default_payment_method"],
        "items": [{"price": first["items"]["data"][0]["price"]["id"], "quantity": 1}],
    })  # fmt: skip
    shop.lose()
    report = shop.reconcile()
    assert report.closely == 1
    assert request("GET", f"/v1/subscriptions/{second['id']}")["status"] == "canceled"
    assert request("GET", f"/v1/subscriptions/{first['id']}")["status"] == "active"
