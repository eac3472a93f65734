"""Every night's backups; suspensions and workspaces that come to their end."""

from __future__ import annotations

from functools import partial
from uuid import UUID

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
        ids = connection.scalars(select(Tenant.id).where(Tenant.status.in_(("active", "read_only", "suspended")))).all()
    in_each(ids, _defer_one, what="backups")


def _defer_one() -> None:
    defer(db.session(), "workspaces.back_up", queueing_lock=f"workspaces.back_up:{current_tenant().id}")


@job("workspaces.lift", cron="*/5 * * * *")
def end_suspensions() -> None:
    """Open the workspaces again whose suspension has come to its end."""
    from saas_crm.workspaces.standing import lift_what_is_over

    for slug in lift_what_is_over(runtime_settings().database_url):
        log.info("suspension ended", slug=slug)


@job("workspaces.back_up", retries=3, reads_only=True)
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


@job("workspaces.end", cron="11 1 * * *")
def end_workspaces() -> None:
    """Remind the owners of workspaces that will be deleted, and delete those whose day has come."""
    from saas_crm.workspaces.backups import forget_backups, store_at
    from saas_crm.workspaces.ending import end_those_due, remind

    settings = runtime_settings()
    remind(settings.database_url, settings.base_url)
    store = store_at(settings.backup_url) if settings.backup_url else None
    for certificate in end_those_due(settings.owner_url, partial(forget_backups, store) if store is not None else None):
        log.info("workspace deleted", tenant=str(certificate.tenant_id), certificate=str(certificate.id))


@job("workspaces.make_archive", retries=2, reads_only=True)
def make_archive(archive_id: str) -> None:
    """Make the archive that a member asked for."""
    from saas_crm.workspaces.archives import make_archive as make

    settings = runtime_settings()
    make(settings.database_url, settings.base_url, current_tenant(), UUID(archive_id))


@job("workspaces.forget_archives", cron="29 * * * *")
def forget_archives() -> None:
    """Remove the archives whose time is over, and what was left half made."""
    from saas_crm.workspaces.archives import forget_archives as forget
    from saas_crm.workspaces.saving import sweep

    sweep()
    forget(runtime_settings().database_url)
