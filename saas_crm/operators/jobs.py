"""The worker's part: what operators asked for, and the figures every hour."""

from __future__ import annotations

from uuid import UUID

import structlog

from saas_crm.core.jobs import job
from tenants.context import tenant_or_none
from tenants.runtime import runtime_directory, runtime_settings

log = structlog.get_logger(__name__)


@job("operators.work")
def work(work_id: str) -> None:
    """Do what an operator asked for; never in the name of a workspace, whose role may defer any job by its name."""
    from saas_crm.operators.work import carry_out

    tenant = tenant_or_none()
    if tenant is not None:
        log.warning("a workspace asked for an operator's work", tenant=str(tenant.id))
        return
    carry_out(runtime_settings(), UUID(work_id))


@job("operators.figures", cron="7 * * * *")
def figures() -> None:
    """Count all workspaces anew, and clear what is over; where the shared tables are a release behind, neither."""
    from saas_crm.operators.figures import tables_are_there, take_figures
    from saas_crm.operators.kept_backups import forget_those_gone
    from saas_crm.operators.restoring_files import forget_uploads

    settings = runtime_settings()
    if tenant_or_none() is None and tables_are_there(settings.owner_url):
        take_figures(settings)
        forget_those_gone(settings.owner_url)
        forget_uploads(settings.owner_url)


@job("operators.end_visits", cron="*/5 * * * *")
def end_visits() -> None:
    """Write into both logs that looking in is over, where nobody came back to whom it could have been told."""
    from saas_crm.operators.figures import tables_are_there
    from saas_crm.operators.visits import end, overdue

    settings = runtime_settings()
    if tenant_or_none() is not None or not tables_are_there(settings.owner_url):
        return
    for visit_id, tenant_id in overdue():
        tenant = runtime_directory().by_id(tenant_id)
        if tenant is not None:
            end(visit_id, tenant, "time", origin={}, database_url=settings.database_url)
