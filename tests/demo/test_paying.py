"""How the demo's workspaces stand with their plans, as people come upon it right after the start."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from pydantic import SecretStr
from sqlalchemy import func, select

from billing.models import BillingChange, Subscription
from billing.subscriptions import held
from saas_crm.core.clock import now
from saas_crm.demo.marks import OWING
from saas_crm.demo.paying import arrange
from tenants.db import SHARED, db
from tests.stripe import KEY, Double


@pytest.fixture
def till() -> Iterator[Double]:
    """A double whose clock runs with the wall's, as in the demo."""
    with Double(now=None) as double:
        yield double
        assert double.violations == []


def test_nothing_is_noted_for_a_time_to_come(app_with: Callable[..., Flask], till: Double) -> None:
    app = app_with(stripe_secret_key=SecretStr(KEY), stripe_api_base=till.url)
    arrange(app, till.url)
    with app.app_context():
        tenant = app.extensions["directory"].by_slug(OWING)
        row = held(tenant.id)
        assert row is not None
        assert (row.source, row.state, row.seats, row.seats_due_at) == ("stripe", "past_due", 3, None)
        with db.engines[SHARED].connect() as connection:
            kinds = connection.scalars(select(BillingChange.kind).where(BillingChange.tenant_id == tenant.id)).all()
            latest = [
                connection.scalar(select(func.max(column)))
                for column in (BillingChange.at, Subscription.state_since, Subscription.past_due_since)
            ]
    assert {"converted", "seats", "past_due"} <= set(kinds)
    assert all(moment is not None and moment <= now() for moment in latest), latest
