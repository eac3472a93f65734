"""Each night all is compared with Stripe: whatever differs is mended and told, whatever got lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from billing.errors import StripeUnreachable
from billing.models import BillingIdentity, Subscription
from tenants.db import SHARED, db
from tests.billing.company import Company, Shop
from tests.support.installation import Installation

SPOILT: list[dict[str, Any]] = [
    {"state": "past_due"}, {"state": "free", "source": "none", "plan": "free"}, {"seats": 99}, {"plan": "business"},
    {"interval": "year"}, {"currency": "USD"}, {"amount": 1}, {"price_id": "price_of_nobody"},
    {"subscription_id": "sub_of_nobody"}, {"subscription_id": None}, {"period_ends_at": None},
    {"cancel_at_period_end": True, "cancel_to": "closed"},
]  # fmt: skip


def spoil(company: Company, **values: Any) -> None:
    with db.engines[SHARED].begin() as connection:
        connection.execute(update(Subscription).where(Subscription.tenant_id == company.id).values(**values))


@pytest.mark.parametrize("values", SPOILT, ids="-".join)
def test_each_difference_is_mended_and_told(shop: Shop, acme: Company, values: dict[str, Any]) -> None:
    acme.subscribe("team", "month")
    good, plan = acme.row, acme.plan
    spoil(acme, **values)
    report = shop.reconcile()
    assert set(report.mended) == {str(acme.id)}
    assert set(values) <= set(report.mended[str(acme.id)])
    for name in values:
        assert getattr(acme.row, name) == getattr(good, name)
    assert acme.plan == plan
    assert shop.reconcile().mended == {}


def test_nothing_differs_where_nothing_was_lost(shop: Shop, acme: Company) -> None:
    acme.subscribe()
    report = shop.reconcile()
    assert (report.looked, report.mended, report.unknown, report.missed_events) == (1, {}, [], [])
    with db.engines[SHARED].connect() as connection:
        at, kept = connection.execute(select(BillingIdentity.reconciled_at, BillingIdentity.report)).one()
    assert (at, kept["looked"]) == (shop.now, 1)


def test_all_webhooks_of_a_life_may_be_lost(shop: Shop, acme: Company) -> None:
    shop.double.acts.pay(acme.go_to_checkout("business", "month"))
    shop.lose()
    assert acme.row.state == "trialing"
    report = shop.reconcile()
    assert (acme.row.state, acme.row.plan) == ("active", "business")
    assert len(report.missed_events) > 0
    assert all(worked_at for _id, worked_at, _error in shop.events())
    shop.double.acts.cancel(acme.row.subscription_id or "", at_period_end=False)
    shop.lose()
    shop.reconcile()
    assert (acme.row.state, acme.plan["key"]) == ("free", "free")


def test_who_paid_and_ended_while_nothing_was_heard_is_looked_at_once(shop: Shop, acme: Company) -> None:
    """Events are looked for 29 days back; a life by chance paid, ended in the dashboard and was silent for 31."""
    shop.double.acts.pay(acme.go_to_checkout("team", "year"))
    paid = shop.gateway.facts(acme.row.customer_id or "").subscription
    assert paid is not None
    shop.double.acts.cancel(paid.subscription_id, at_period_end=False)
    shop.double.advance(hours=24 * 31)
    shop.lose()
    assert (acme.row.settled, acme.row.currency) == (0, "")
    assert set(shop.reconcile().mended) == {str(acme.id)}
    assert acme.row.currency == "EUR"
    assert acme.row.settled > 0
    again = shop.reconcile()
    assert (again.looked, again.closely) == (0, 0)


def test_a_customer_that_was_not_noted_is_adopted(shop: Shop, acme: Company) -> None:
    """We died between making the customer and writing it down, and its page was paid all the same."""
    acme.subscribe()
    was = acme.row.customer_id
    spoil(acme, customer_id=None, subscription_id=None, state="trialing", source="none")
    report = shop.reconcile()
    assert report.adopted == [str(acme.id)]
    assert (acme.row.customer_id, acme.row.state) == (was, "active")


def test_a_webhook_tells_whose_a_customer_is_that_was_not_noted(shop: Shop, acme: Company) -> None:
    session = acme.go_to_checkout()
    was = acme.row.customer_id
    spoil(acme, customer_id=None)
    shop.double.acts.pay(session)
    shop.deliver()
    assert (acme.row.customer_id, acme.row.state) == (was, "active")


def orphan(shop: Shop, tenant_id: object) -> str:
    """A subscription of a workspace that is not there."""
    double, metadata = shop.double, {"installation": shop.gateway.installation, "tenant_id": str(tenant_id)}
    customer = double.request("POST", "/v1/customers", {"metadata": metadata})
    price = double.request("GET", "/v1/prices", {"lookup_keys": ["crm_team_month_eur"]})["data"][0]["id"]
    session = double.request("POST", "/v1/checkout/sessions", {
        "mode": "subscription", "customer": customer["id"], "success_url": "http://crm.example/ok",
        "line_items": [{"price": price, "quantity": 1}], "subscription_data": {"metadata": metadata},
    })  # fmt: skip
    double.acts.pay(session["id"])
    found: str = double.request("GET", "/v1/subscriptions", {"customer": customer["id"]})["data"][0]["id"]
    return found


def test_the_subscription_of_a_workspace_that_was_deleted_is_ended(
    shop: Shop, acme: Company, installation: Installation
) -> None:
    gone = uuid4()
    with installation.place.owner() as connection:
        connection.execute(
            "INSERT INTO public.deletion_certificates (id, tenant_id, slug, name, asked_by, counts)"
            " VALUES (%s, %s, 'gone', 'Gone', '', '{}')", [uuid4(), gone]
        )  # fmt: skip
    subscription = orphan(shop, gone)
    assert shop.reconcile().ended == [subscription]
    assert shop.double.request("GET", f"/v1/subscriptions/{subscription}")["status"] == "canceled"


def test_a_subscription_of_nobody_we_know_is_told_and_left_alone(shop: Shop, acme: Company) -> None:
    subscription = orphan(shop, uuid4())
    report = shop.reconcile()
    assert (report.unknown, report.ended) == ([subscription], [])
    assert shop.double.request("GET", f"/v1/subscriptions/{subscription}")["status"] == "active"


def test_invitations_that_ended_by_themselves_give_their_seats_back(shop: Shop, acme: Company) -> None:
    acme.subscribe(seats=acme.people() + 2)
    assert acme.row.seats_due_at is None
    shop.reconcile()
    assert acme.row.seats_due_at == shop.now + timedelta(hours=1)


def test_without_stripe_nothing_is_changed(shop: Shop, acme: Company) -> None:
    acme.subscribe()
    before = acme.row
    shop.double.trouble("server_error", times=50)
    with pytest.raises(StripeUnreachable):
        shop.reconcile()
    shop.double.core.troubles.clear()
    assert acme.row.state == before.state


def test_a_look_that_is_overtaken_changes_nothing(shop: Shop, acme: Company) -> None:
    """Who took a number before, and was slower, saw an older state: it is not written over the newer one."""
    from billing import settling
    from billing.subscriptions import take_number

    acme.subscribe("team")
    early = take_number(acme.id)
    facts = shop.gateway.facts(acme.row.customer_id or "")
    acme.change("business", "month")
    assert acme.row.plan == "business"
    assert settling._written(acme.id, facts, number=early, at=shop.now, by=settling.NOBODY) is None
    assert acme.row.plan == "business"
