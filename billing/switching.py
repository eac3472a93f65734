"""Billing that is switched off by taking Stripe's key away, and on again: nobody stays limited by what is not sold."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
import structlog
from sqlalchemy import exists, func, null, or_, select, update

from billing.models import Subscription
from billing.settling import KEEP, settle
from saas_crm.workspaces.standing import NotSuspendable, hold, take_cause
from tenants.archive.writing import UnknownTenant
from tenants.db import SHARED, db
from tenants.directory import shared_reader
from tenants.migrate import connect
from tenants.models import SuspensionRow, Tenant, TenantDeletion
from tenants.runtime import runtime_directory
from tenants.settings import Settings
from tenants.standing import BILLING

log = structlog.get_logger(__name__)
AT_ONCE = 2_000


def switch_off(settings: Settings) -> int:
    """Take all limits away that plans had set, and what keeps people out for money; returns of how many workspaces.

    What each has and pays stays noted, and is not looked at. A deletion that followed from nobody having paid is taken
    back; one that a person asked for stays. Done twice it is done once.
    """
    if not _is_known():
        return 0
    limited = update(Tenant).where(Tenant.plan.is_not(None), Tenant.id.in_(select(Subscription.tenant_id)))
    with db.engines[SHARED].begin() as connection:
        freed = list(connection.scalars(limited.values(plan=null()).returning(Tenant.id)))
    opened = [tenant_id for tenant_id in _kept_out() if _open(settings, tenant_id)]
    if freed or opened:
        runtime_directory().forget()
        log.warning("billing is off: limits and suspensions are lifted", freed=len(freed), opened=len(opened))
    return len({*freed, *opened})


def switch_on(settings: Settings, at: datetime) -> int:
    """Give those their plans, and what follows from them, who had them before billing was off; returns how many.

    That a plan is missing beside what is held is all that is kept of it (`settling.before_off`).
    """
    done = sum(_restored(settings, tenant_id, at) for tenant_id in _without_plan())
    if done:
        log.warning("billing is on again", workspaces=done)
    return done


def _restored(settings: Settings, tenant_id: UUID, at: datetime) -> bool:
    """Do so for one; where it fails it is tried again at the next look, by its plan that is still missing."""
    try:
        return settle(settings, tenant_id, now=at, ask=False) is not None
    except Exception as failed:
        log.error("plan could not be given back", tenant=str(tenant_id), exc_info=failed)
        return False


def _is_known() -> bool:
    """Whether the shared tables are those of this release."""
    with shared_reader() as connection:
        return connection.scalar(select(func.to_regclass("public.subscriptions"))) is not None


def _kept_out() -> list[UUID]:
    suspended = exists().where(SuspensionRow.tenant_id == Tenant.id, SuspensionRow.cause == BILLING)
    deleted = exists().where(TenantDeletion.tenant_id == Tenant.id, TenantDeletion.asked_by == BILLING)
    with shared_reader() as connection:
        return list(connection.scalars(select(Tenant.id).where(or_(suspended, deleted)).limit(AT_ONCE)))


def _without_plan() -> list[UUID]:
    query = select(Subscription.tenant_id).join(Tenant, Tenant.id == Subscription.tenant_id)
    with shared_reader() as connection:
        return list(connection.scalars(query.where(Tenant.plan.is_(None), Tenant.status != "closed").limit(AT_ONCE)))


def _open(settings: Settings, tenant_id: UUID) -> bool:
    try:
        with connect(settings.database_url) as connection, connection.transaction():
            return _opened(connection, tenant_id)
    except (UnknownTenant, NotSuspendable):
        return False


def _opened(connection: psycopg.Connection[Any], tenant_id: UUID) -> bool:
    _id, status = hold(connection, tenant_id)
    connection.execute(KEEP, [tenant_id])
    return take_cause(connection, tenant_id, status, BILLING).changed
