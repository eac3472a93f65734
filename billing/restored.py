"""A workspace that was made of an archive, and its plan; one that was put back in its own place keeps what it has."""

from __future__ import annotations

from datetime import timedelta

from billing.entitlements import write
from billing.plans import FREE, catalogue
from billing.rules import Standing
from saas_crm.core.clock import now
from saas_crm.workspaces.events import WorkspaceRestored
from tenants.db import new_id
from tenants.runtime import settings_if_running

_KNOWS = "SELECT to_regclass('public.subscriptions') IS NOT NULL"
_HAD_TRIAL = """
    SELECT EXISTS (
        SELECT FROM public.billing_changes c WHERE c.kind IN ('trial', 'converted', 'started', 'manual') AND (
            c.tenant_id = %(archived)s OR c.tenant_id IN (
                SELECT m.tenant_id FROM public.memberships m
                WHERE m.user_id = ANY(%(owners)s) AND m.tenant_id <> %(tenant)s)))
        OR EXISTS (SELECT FROM public.subscriptions WHERE tenant_id = %(archived)s)
"""
"""The figures outlive a workspace: who deletes one and brings it back has had the trial."""
_CURRENCY = "SELECT currency FROM public.tenants WHERE id = %s"
_BEGIN = """
    INSERT INTO public.subscriptions
        (tenant_id, plan, currency, state, trial_ends_at, state_since, created_at, updated_at)
    VALUES (%(tenant)s, %(plan)s, %(currency)s, %(state)s, %(ends)s, %(at)s, %(at)s, %(at)s)
"""
_NOTE = """
    INSERT INTO public.billing_changes (id, at, tenant_id, kind, plan, currency)
    VALUES (%(id)s, %(at)s, %(tenant)s, 'trial', %(plan)s, %(currency)s)
"""


def give_plan(restored: WorkspaceRestored) -> None:
    """Give a new workspace its trial, in the transaction that makes it; the free plan where its owners had one before.

    Nothing where billing is off.
    """
    settings, connection = settings_if_running(), restored.connection
    if settings is None or not settings.bills or connection.execute(_KNOWS).fetchone() != (True,):
        return
    asked = {"archived": restored.archived_id, "owners": list(restored.owners), "tenant": restored.tenant_id}
    had = connection.execute(_HAD_TRIAL, asked).fetchone() == (True,)
    offered, at = catalogue(), now()
    ends = None if had else at + timedelta(days=offered.trial.days)
    state, plan = ("free", FREE) if had else ("trialing", offered.trial.plan)
    [currency] = connection.execute(_CURRENCY, [restored.tenant_id]).fetchone() or ("",)
    values = {
        "id": new_id(), "tenant": restored.tenant_id, "plan": plan, "state": state, "ends": ends, "at": at,
        "currency": currency if currency in offered.currencies else "",
    }  # fmt: skip
    connection.execute(_BEGIN, values)
    if not had:
        connection.execute(_NOTE, values)
    write(connection, restored.tenant_id, Standing("none", state, plan, at, until=ends))
