"""Every night's backups."""

from __future__ import annotations

import structlog
from sqlalchemy import select

from saas_crm.core.jobs import defer, job
from saas_crm.core.rounds import in_each
from tenants.context import current_tenant
from tenants.db import db
from tenants.directory import shared_reader
from tenants.models import Tenant
from tenants.runtime import runtime_settings

log = structlog.get_logger(__name__)


@job("workspaces.nightly", cron="23 2 * * *")
def nightly() -> None:
    """Defer the backup of every workspace that has people, each as a job of its own; none where no place is set."""
    if runtime_settings().backup_url is None:
        return
    with shared_reader() as connection:
        ids = connection.scalars(select(Tenant.id).where(Tenant.status.in_(("active", "suspended")))).all()
    in_each(ids, _defer_one, what="backups")


def _defer_one() -> None:
    defer(db.session(), "workspaces.back_up", queueing_lock=f"workspaces.back_up:{current_tenant().id}")


@job("workspaces.back_up", retries=3)
def back_up_one() -> None:
    """Back this workspace up, and let go of the backups that are not kept any more.

    What talks to object stores is imported here: web processes know the job, and never run it.
    """
    from saas_crm.workspaces.backups import back_up, prune, store_at

    settings, tenant = runtime_settings(), current_tenant()
    if settings.backup_url is None:
        return
    store = store_at(settings.backup_url)
    made = back_up(store, settings.database_url, tenant.slug, tenant.id)
    gone = prune(store, tenant.id, days=settings.backup_days, weeks=settings.backup_weeks)
    log.info("backed up", tenant=str(tenant.id), bytes=made.size, removed=gone)
