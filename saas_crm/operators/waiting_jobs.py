"""Jobs as the owner's login sees them: what waits, runs or failed for good; and what failed, queued again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

SHOWN = 200
STATES = ("failed", "doing", "todo")
_LISTED = """
    SELECT j.id, t.slug, j.task_name AS task, j.status::text AS state, j.attempts,
        (SELECT max(e.at) FROM jobs.procrastinate_events e WHERE e.job_id = j.id) AS since
    FROM jobs.procrastinate_jobs j LEFT JOIN public.tenants t ON t.id::text = j.args ->> 'tenant_id'
    WHERE j.status = ANY(%(states)s::jobs.procrastinate_job_status[])
        AND (%(place)s::text IS NULL OR j.args ->> 'tenant_id' = %(place)s)
    ORDER BY j.id DESC LIMIT %(limit)s
"""
_PLACES = """
    SELECT j.id, (j.args ->> 'tenant_id')::uuid FROM jobs.procrastinate_jobs j
    WHERE j.id = ANY(%s) AND j.status = 'failed' AND j.args ->> 'tenant_id' IS NOT NULL
"""
_AGAIN = """
    WITH again AS (
        SELECT DISTINCT ON (coalesce(j.queueing_lock, j.id::text)) j.id FROM jobs.procrastinate_jobs j
        WHERE j.status = 'failed' AND j.args ->> 'tenant_id' = %(place)s
            AND (%(ids)s::bigint[] IS NULL OR j.id = ANY(%(ids)s)) AND NOT EXISTS (
                SELECT FROM jobs.procrastinate_jobs w WHERE w.queueing_lock = j.queueing_lock AND w.status = 'todo')
        ORDER BY coalesce(j.queueing_lock, j.id::text), j.id DESC
    )
    UPDATE jobs.procrastinate_jobs j SET status = 'todo', attempts = 0, scheduled_at = NULL, worker_id = NULL
    FROM again WHERE j.id = again.id
"""
"""Of several that may only wait once, the last is queued again, and none where one waits already."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A job that is not done: of which workspace (None: of the installation), what, and since when it is so."""

    id: int
    slug: str | None
    task: str
    state: str
    attempts: int
    since: datetime | None


def unfinished(
    connection: psycopg.Connection[Any], tenant_id: UUID | None = None, states: Iterable[str] = STATES
) -> list[Waiting]:
    """Return the latest jobs that are in one of `states`, of one workspace or of all; SHOWN of them at most."""
    values = {"states": list(states), "place": tenant_id and str(tenant_id), "limit": SHOWN}
    with connection.cursor(row_factory=class_row(Waiting)) as cursor:
        return cursor.execute(_LISTED, values).fetchall()


def failed_places(connection: psycopg.Connection[Any], ids: Collection[int]) -> Mapping[int, UUID]:
    """Return of which workspace each of these jobs is, as far as it failed; the installation's own are left out."""
    return dict(connection.execute(_PLACES, [list(ids)]).fetchall())


def queue_again(connection: psycopg.Connection[Any], tenant_id: UUID, ids: Collection[int] | None = None) -> int:
    """Queue a workspace's failed jobs again, these or all, in a transaction of their own; returns how many."""
    values = {"place": str(tenant_id), "ids": None if ids is None else list(ids)}
    with connection.transaction():
        connection.execute("SET LOCAL search_path = jobs, pg_catalog")  # procrastinate's triggers name no schema
        return connection.execute(_AGAIN, values).rowcount
