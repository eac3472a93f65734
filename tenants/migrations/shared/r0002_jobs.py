"""Jobs: procrastinate in a schema of its own, deferred through one function (2026-11-21).

procrastinate's SQL functions name their types without a schema and would fail under a tenant's path, so
the runtime login calls a wrapper with a fixed path. The wrapper takes the tenant from the role the
transaction speaks with, never from an argument.
"""

import sqlalchemy as sa
from alembic import op
from procrastinate.schema import SchemaManager

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

DEFER = """
CREATE FUNCTION public.defer_job(
    task text, args jsonb, queue text, lock text, queueing_lock text, scheduled_at timestamptz
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = jobs, pg_catalog, pg_temp
AS $body$
DECLARE
    tenant uuid;
    job bigint;
BEGIN
    SELECT t.id INTO tenant FROM public.tenants t WHERE t.role_name = current_setting('role');
    IF tenant IS NULL AND current_setting('role') LIKE 't\\_%' THEN
        RAISE EXCEPTION 'no tenant has the role %', current_setting('role');
    END IF;
    IF defer_job.queueing_lock IS NOT NULL AND EXISTS (
        SELECT 1 FROM procrastinate_jobs j
        WHERE j.queueing_lock = defer_job.queueing_lock AND j.status = 'todo'
    ) THEN
        RETURN NULL;
    END IF;
    SELECT unnest(procrastinate_defer_jobs_v1(ARRAY[ROW(
        queue, task, 0, lock, queueing_lock,
        args || jsonb_build_object('tenant_id', tenant), scheduled_at
    )::procrastinate_job_to_defer_v1])) INTO job;
    RETURN job;
EXCEPTION WHEN unique_violation THEN
    -- Another transaction deferred the same at the same moment, and has committed: one is enough.
    IF defer_job.queueing_lock IS NULL THEN
        RAISE;
    END IF;
    RETURN NULL;
END
$body$
"""

HEARTBEAT = """
CREATE FUNCTION public.worker_seen_at() RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = jobs, pg_catalog, pg_temp
AS $body$ SELECT max(last_heartbeat) FROM procrastinate_workers $body$
"""


def _run(sql: str) -> None:
    op.execute(sa.text(sql.replace(":", "\\:")))


def upgrade() -> None:
    """Apply."""
    _run("CREATE SCHEMA jobs")
    _run("SET LOCAL search_path = jobs, pg_catalog")
    _run(SchemaManager.get_schema())
    _run("SET LOCAL search_path = public, pg_catalog")
    _run(DEFER)
    _run(HEARTBEAT)
