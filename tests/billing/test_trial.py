"""A new workspace and its plan: with billing on a trial begins in the transaction that founds it, else nothing does."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from billing import entitlements
from billing.models import BillingChange, Subscription
from billing.rules import Standing
from saas_crm.access import founding
from saas_crm.core.clock import now
from tenants.db import SHARED, db
from tenants.directory import shared_reader
from tenants.models import Tenant
from tenants.plan import UNLIMITED
from tests.support.billing import selling
from tests.support.cast import found_another


def test_without_a_key_nobody_has_a_plan_and_nothing_is_limited(app: Flask) -> None:
    found_another(app, "self-hosted")
    with app.app_context():
        tenant = app.extensions["directory"].by_slug("self-hosted")
        assert tenant.plan == UNLIMITED
        assert tenant.plan.allows("single_sign_on")
        assert tenant.plan.most("members") is None
        with shared_reader() as connection:
            assert connection.execute(select(Subscription).where(Subscription.tenant_id == tenant.id)).first() is None


def test_a_new_workspace_tries_the_largest_plan_without_a_card(app: Flask) -> None:
    with selling(app), app.app_context():
        tenant, _owner = found_another(app, "on-trial")
        found = app.extensions["directory"].by_slug("on-trial").plan
        assert (found.key, found.state) == ("business", "trialing")
        assert found.allows("closed_units")
        assert found.most("mails_per_day") == 200
        with db.engines[SHARED].begin() as connection:
            row = connection.execute(select(Subscription).where(Subscription.tenant_id == tenant.id)).one()
            assert (row.state, row.source, row.plan, row.currency) == ("trialing", "none", "business", "USD")
            assert row.trial_ends_at - row.created_at == timedelta(days=14)
            assert found.until == row.trial_ends_at
            told = connection.execute(select(BillingChange).where(BillingChange.tenant_id == tenant.id)).one()
            assert (told.kind, told.mrr) == ("trial", 0)


def test_who_is_not_founded_has_no_trial(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object) -> None:
        raise RuntimeError("in the middle of it")

    monkeypatch.setattr(founding, "_furnish", fail)
    with selling(app), app.app_context():
        with pytest.raises(RuntimeError):
            found_another(app, "half-made")
        with shared_reader() as connection:
            assert connection.execute(select(Tenant).where(Tenant.slug == "half-made")).first() is None
            trials = select(Subscription.tenant_id).join(Tenant, Tenant.id == Subscription.tenant_id)
            assert connection.execute(trials.where(Tenant.status == "spare")).first() is None
            assert (
                connection.execute(select(Tenant.id).where(Tenant.plan.is_not(None), Tenant.status == "spare")).all()
                == []
            )


def test_what_a_plan_allows_is_written_from_the_standing(app: Flask) -> None:
    tenant, _owner = found_another(app, "paying")
    at = now()
    until = at + timedelta(days=14)
    with selling(app), app.app_context(), db.engines[SHARED].begin() as connection:
        owing = Standing("stripe", "past_due", "team", at, until=until)
        assert entitlements.write(connection, tenant.id, owing)
        assert not entitlements.write(connection, tenant.id, owing), "said again nothing is written"
    directory = app.extensions["directory"]
    with app.app_context():
        directory.forget()
        found = directory.by_slug("paying").plan
        assert (found.key, found.state, found.until, found.ending) == ("team", "past_due", until, "")
        assert found.most("customers") == 50_000
        assert not found.allows("single_sign_on")
    with selling(app), app.app_context(), db.engines[SHARED].begin() as connection:
        assert entitlements.write(connection, tenant.id, Standing("stripe", "active", "retired", at))
    with app.app_context():
        directory.forget()
        kept = directory.by_slug("paying").plan
        assert (kept.key, kept.state, kept.most("customers")) == ("retired", "active", 50_000), (
            "nobody loses what they pay"
        )


def test_plans_that_change_reach_everybody(app: Flask) -> None:
    with selling(app), app.app_context():
        tenant, _owner = found_another(app, "rewritten")
        assert entitlements.renew(now()) == 0
        with db.engines[SHARED].begin() as connection:
            connection.execute(Tenant.__table__.update().where(Tenant.id == tenant.id).values(plan=None))
        assert entitlements.renew(now()) == 1
        assert entitlements.renew(now() + timedelta(days=15)) == 1
        with shared_reader() as connection:
            assert connection.scalar(select(Tenant.plan).where(Tenant.id == tenant.id))["key"] == "free"
