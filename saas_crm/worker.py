"""The worker: runs what was deferred, inside the tenant that deferred it."""

from __future__ import annotations

import asyncio
import importlib
import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog
from flask import Flask
from sqlalchemy import Connection

from saas_crm.access.permissions import CurrentMember
from saas_crm.access.queries import member_by_id
from saas_crm.core.audit import Actor, act_as
from saas_crm.core.clock import now
from saas_crm.core.errors import NotFound
from saas_crm.core.jobs import AT_ONCE, PAUSED, Job, defer, registry
from tenants.context import ActiveTenant
from tenants.db import SHARED, db, tenant_scope
from tenants.one_at_a_time import step_in
from tenants.settings import Settings
from tenants.veils import OPEN, read_under
from tenants.versions import TenantBehind, check_served

if TYPE_CHECKING:
    import procrastinate

log = structlog.get_logger("worker")
MOST_ATTEMPTS = 12
"""Runs after which a job that takes its worker down with it is given up."""
FAILED_KEPT_HOURS = 24 * 30
STALLED_SECONDS = 60
WAIT_FOR_UPGRADE = timedelta(minutes=1)
PATIENCE_SECONDS = 10
"""How long the worker waits for a database that has gone, before it ends and leaves its restart to who started it."""
PATIENCE_AT_THE_END = 2.0
"""Seconds that a worker told to stop goes on waiting for who has their share, beside those it gives to running jobs."""
ROOMS_WITH_JOBS = (
    "billing.jobs",
    "billing.seat_jobs",
    "saas_crm.core.chores",
    "saas_crm.access.jobs",
    "saas_crm.access.numbering_jobs",
    "saas_crm.access.profile",
    "saas_crm.customers.jobs",
    "saas_crm.search.jobs",
    "saas_crm.workspaces.jobs",
)


def register_jobs() -> None:
    """Import the rooms' jobs, so that every name that may be deferred is known."""
    for room in ROOMS_WITH_JOBS:
        importlib.import_module(room)


def build(app: Flask, settings: Settings) -> procrastinate.App:
    """Return procrastinate's application with all registered jobs; it talks to the database as the owner.

    procrastinate is imported here: the web processes register jobs too, and run none.
    """
    import procrastinate

    connector = procrastinate.PsycopgConnector(
        conninfo=settings.owner_url,
        kwargs={"options": "-c search_path=jobs,pg_catalog"},
        min_size=1,
        max_size=4,
        timeout=PATIENCE_SECONDS,
    )
    runner = procrastinate.App(connector=connector)
    for entry in registry.values():
        _add(runner, app, entry)
    _add_rescue(runner)
    for name in ("worker", "worker.worker", "jobs", "periodic"):  # a filter is not inherited by child loggers
        logging.getLogger(f"procrastinate.{name}").addFilter(_without_arguments)
    return runner


def _without_arguments(record: logging.LogRecord) -> bool:
    """Take a job's arguments out of procrastinate's own lines: those of a mail are its reader and its words."""
    call = getattr(record, "job", None)
    if isinstance(call, dict) and call.get("call_string"):
        name = f"{call.get('task_name')}[{call.get('id')}]"
        record.msg, record.args = record.getMessage().replace(call["call_string"], name), ()
        record.job = {key: call.get(key) for key in ("id", "task_name", "attempts")}
    return True


def _add_rescue(runner: procrastinate.App) -> None:
    """Run again what a worker that was killed had begun; forget after a month what failed for good."""
    from procrastinate.jobs import Status

    async def rescue(timestamp: int) -> None:  # noqa: ARG001 - procrastinate hands it to every periodic task
        manager = runner.job_manager
        for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
            if job.id is None:
                continue
            if job.attempts >= MOST_ATTEMPTS:
                log.error("job given up: its worker died each time", job=job.task_name, id=job.id)
                await manager.finish_job_by_id_async(job.id, Status.FAILED, delete_job=False)
            else:
                await manager.retry_job(job)
        await manager.delete_old_jobs(FAILED_KEPT_HOURS, include_failed=True)

    task: Any = runner.task(name="jobs.rescue", queueing_lock="jobs.rescue")(rescue)
    runner.periodic(cron="*/5 * * * *")(task)


def _add(runner: procrastinate.App, app: Flask, entry: Job) -> None:
    import procrastinate

    retry: Any = procrastinate.RetryStrategy(max_attempts=entry.retries, exponential_wait=4) if entry.retries else False

    def run(context: procrastinate.JobContext, /, **args: Any) -> None:
        try:
            execute(app, entry, dict(args))
        except TenantBehind as behind:
            log.warning("job waits for `saas-crm db upgrade`", job=entry.name, reason=str(behind))
            put_off(app, entry, args, context.job.queueing_lock)
        except TenantPaused:
            put_off(app, entry, args, context.job.queueing_lock, wait=None)

    task: Any = runner.task(name=entry.name, retry=retry, pass_context=True)(run)
    if entry.cron:
        runner.periodic(cron=entry.cron)(task)


class TenantPaused(RuntimeError):
    """The job's workspace is read-only or closed; work that may change it waits until it is open again."""


def execute(app: Flask, entry: Job, args: dict[str, Any]) -> None:
    """Run one job with a clean session, in the tenant it carries or outside any, and commit once.

    A tenant that is gone meanwhile has no more work to do. Raises, before anything is done, TenantBehind for one
    whose tables this release does not serve yet, and TenantPaused for one that is not open to what may change it.
    """
    args.pop("timestamp", None)
    tenant_id = args.pop("tenant_id", None)
    with app.app_context():
        tenant = _tenant(app, tenant_id)
        if tenant_id and tenant is None:
            log.info("job of a tenant that is gone", job=entry.name, tenant=tenant_id)
            return
        if tenant is not None:
            check_served(tenant)
            if not (tenant.is_open or entry.reads_only):
                raise TenantPaused(str(tenant.id))
        with tenant_scope(tenant):
            if entry.for_member and not _take_member(entry, args):
                return
            actor: CurrentMember | None = args.get("actor") if entry.for_member else None
            act_as(db.session(), Actor(actor.id if actor else None, "job"))
            with read_under(actor.fields if actor else OPEN):
                entry.run(**args)
            db.session.commit()


def _take_member(entry: Job, args: dict[str, Any]) -> bool:
    """Put the member a job speaks for in place of their id; whether they may still act.

    Freezing holds here too, and so does having no seat for what changes anything.
    """
    member_id = args.pop("member_id")
    try:
        actor = member_by_id(UUID(member_id))
    except NotFound:
        actor = None
    if actor is None or not (actor.seated or entry.reads_only):
        log.info("job of a member who may not act", job=entry.name, member=member_id)
        return False
    args["actor"] = actor
    return True


def put_off(
    app: Flask,
    entry: Job,
    args: dict[str, Any],
    queueing_lock: str | None,
    *,
    wait: timedelta | None = WAIT_FOR_UPGRADE,
) -> None:
    """Queue a job again, for later and in its tenant's name. It is no retry: nothing was tried, so none is used up.

    Without a `wait` it is put aside until its tenant is open again (`turns.Turns`). The tenant is looked up and the
    job queued by one snapshot: else a restore in place between the two gives its role, and so the job, to former data.
    """
    kept = {name: value for name, value in args.items() if name not in ("timestamp", "tenant_id")}
    at, tenant_id = None if wait is None else now() + wait, args.get("tenant_id")
    queue = PAUSED if tenant_id and not wait else None
    with app.app_context(), _snapshot() as connection, connection.begin():
        if tenant_id is None:
            defer(connection, entry.name, at=at, queueing_lock=queueing_lock, **kept)
            return
        tenant = app.extensions["directory"].seen_by(connection, UUID(tenant_id))
        if tenant is not None:  # else it has gone just now, and has no more work
            with step_in(connection, tenant) as session:
                defer(session, entry.name, at=at, queueing_lock=queueing_lock, queue=queue, **kept)


def _snapshot() -> Connection:
    found: Connection = db.engines[SHARED].connect().execution_options(isolation_level="REPEATABLE READ")
    return found


def _tenant(app: Flask, tenant_id: str | None) -> ActiveTenant | None:
    """Return a job's tenant as it is now: whether it is open is not to be remembered."""
    found: ActiveTenant | None = app.extensions["directory"].renew(UUID(tenant_id)) if tenant_id else None
    return found


def work(app: Flask, settings: Settings, *, concurrency: int = AT_ONCE, wait: bool = True) -> None:
    """Run jobs until told to stop (SIGTERM, SIGINT); with `wait` false until none is left.

    Raises psycopg's OperationalError when the database has gone.
    """
    from procrastinate.exceptions import ConnectorException

    from saas_crm.turns import Turns

    runner = build(app, settings)
    runner.job_manager = Turns(runner.connector, patience=PATIENCE_AT_THE_END if wait else None)

    async def main() -> None:
        async with runner.open_async():
            await runner.run_worker_async(
                concurrency=concurrency, wait=wait, delete_jobs="successful", update_heartbeat_interval=10,
                stalled_worker_timeout=STALLED_SECONDS, fetch_job_polling_interval=2, shutdown_graceful_timeout=10,
                install_signal_handlers=wait,
            )  # fmt: skip

    try:
        asyncio.run(main())
    except ConnectorException as failed:
        raise failed.__cause__ or failed from None
