"""A new workspace's trial begins with it."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import insert

from billing.entitlements import knows_subscriptions, write
from billing.models import BillingChange, Subscription
from billing.plans import catalogue
from billing.rules import Standing
from saas_crm.access.founding import WorkspaceClaimed
from saas_crm.core.clock import now
from tenants.db import new_id
from tenants.runtime import runtime_settings


def begin_trial(claimed: WorkspaceClaimed) -> None:
    """Give a workspace that is just being founded its trial, in the same transaction; none where billing is off."""
    if not runtime_settings().bills or not knows_subscriptions(claimed.connection):
        return
    offered, tenant, at = catalogue(), claimed.tenant, now()
    ends = at + timedelta(days=offered.trial.days)
    currency = tenant.currency if tenant.currency in offered.currencies else ""
    claimed.connection.execute(insert(Subscription).values(
        tenant_id=tenant.id, plan=offered.trial.plan, currency=currency, state="trialing", trial_ends_at=ends,
        state_since=at, created_at=at, updated_at=at,
    ))  # fmt: skip
    claimed.connection.execute(insert(BillingChange).values(
        id=new_id(), at=at, tenant_id=tenant.id, kind="trial", plan=offered.trial.plan, currency=currency,
    ))  # fmt: skip
    write(claimed.connection, tenant.id, Standing("none", "trialing", offered.trial.plan, at, until=ends))
