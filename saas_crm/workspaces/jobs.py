"""Every night's backups; suspensions and workspaces that come to their end."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import structlog
from sqlalchemy import select

from saas_crm.core.clock import now
from saas_crm.core.errors import NotFound
from saas_crm.core.events import publish
from saas_crm.core.jobs import defer, job
from saas_crm.core.rounds import in_each
from saas_crm.workspaces.events import BackedUp
from tenants.context import current_tenant
from tenants.db import db
from tenants.directory import shared_reader
from tenants.models import Tenant, TenantDomain
from tenants.runtime import runtime_settings

log = structlog.get_logger(__name__)
APART, WITHIN = timedelta(seconds=10), timedelta(hours=20)
"""Between two looks at domains, as long as all are done within so much of a day."""


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
    from saas_crm.workspaces.backups import back_up, backups_of, prune, store_at

    settings, tenant = runtime_settings(), current_tenant()
    if settings.backup_url is None:
        return
    store = store_at(settings.backup_url)
    made = back_up(store, settings.database_url, tenant.slug, tenant.id)
    gone = prune(store, tenant.id, days=settings.backup_days, weeks=settings.backup_weeks)
    log.info("backed up", tenant=str(tenant.id), bytes=made.size, removed=gone)
    publish(BackedUp(tenant.id, [(one.stamp, one.size) for one in backups_of(store, tenant.id)]))


@job("workspaces.look_after_domains", cron="41 3 * * *")
def look_after_domains() -> None:
    """Let each own domain be looked at once in the day to come, one after the other: slow DNS keeps no mail waiting."""
    with shared_reader() as connection:
        ids = connection.scalars(
            select(TenantDomain.tenant_id).where(TenantDomain.verified_at.is_not(None)).order_by(TenantDomain.tenant_id)
        ).all()
    apart = min(APART, WITHIN / max(len(ids), 1))
    moments = (now() + number * apart for number in range(len(ids)))
    in_each(ids, lambda: _look_later(next(moments)), what="domains")


def _look_later(at: datetime) -> None:
    lock = f"workspaces.check_domain:{current_tenant().id}"
    defer(db.session(), "workspaces.check_domain", at=at, queueing_lock=lock)


@job("workspaces.check_domain", reads_only=True)
def check_domain() -> None:
    """Look whether this workspace's domain is still its own; it is switched off some days after its record has gone.

    What asks DNS is imported here: most processes know the job, and never run it.
    """
    from saas_crm.workspaces.domains.keeping import By, check

    try:
        check(runtime_settings(), current_tenant(), By(None, "job"))
    except NotFound:
        log.info("domain given up meanwhile", tenant=str(current_tenant().id))


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
