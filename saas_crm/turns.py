"""Whose job is next: every workspace in turn, and none more than its share of what a worker does at a time.

A job's queue is the role that deferred it (`core.jobs`): a workspace's own, or none. procrastinate takes the oldest of
all, so 10,000 jobs of one workspace would keep everybody's mails waiting. What may not be done since its workspace is
read-only or closed lies in a queue of its own (`PAUSED`), where nobody looks, until that is open again.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterable
from typing import Any

from procrastinate.connector import BaseConnector
from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import AbortJobRequested, Job, JobInserted, Status
from procrastinate.manager import JobManager, NotificationCallback

from saas_crm.core.jobs import PAUSED, SHARE

RECHECK_SECONDS = 1.0
"""After so long it is looked again for jobs of others while one workspace has its share, if no word of them came."""
OPENED_SECONDS = 5.0
"""After so long it is looked again which workspaces were opened meanwhile …"""
_OPENED_PART = 50
"""… or after so many times as long as looking took, however many jobs wait."""
_NEXT = """
    WITH RECURSIVE busy AS MATERIALIZED (
        SELECT job.queue_name FROM procrastinate_jobs job
        WHERE job.worker_id = %(worker_id)s AND job.status = 'doing'
        GROUP BY job.queue_name HAVING count(*) >= %(share)s
        UNION ALL SELECT %(paused)s
    ), queue (name) AS (
        (SELECT job.queue_name FROM procrastinate_jobs job
         WHERE job.status = 'todo' AND job.queue_name > %(last)s ORDER BY job.queue_name LIMIT 1)
        UNION ALL
        SELECT (SELECT job.queue_name FROM procrastinate_jobs job
                WHERE job.status = 'todo' AND job.queue_name > queue.name ORDER BY job.queue_name LIMIT 1)
        FROM queue WHERE queue.name IS NOT NULL
    ), next AS MATERIALIZED (
        SELECT first.id FROM queue CROSS JOIN LATERAL (
            SELECT job.id FROM procrastinate_jobs job
            WHERE job.queue_name BETWEEN queue.name AND queue.name AND job.status = 'todo'
                AND NOT EXISTS (SELECT FROM busy WHERE busy.queue_name = queue.name)
                AND (job.scheduled_at IS NULL OR job.scheduled_at <= now())
                AND (job.lock IS NULL OR NOT EXISTS (
                    SELECT FROM procrastinate_jobs other WHERE other.lock = job.lock AND (other.status = 'doing'
                        OR other.status = 'todo' AND (other.priority, -other.id) > (job.priority, -job.id))
                ))
            ORDER BY job.queue_name, job.priority DESC, job.id LIMIT 1 FOR UPDATE OF job SKIP LOCKED
        ) first LIMIT 1
    )
    UPDATE procrastinate_jobs job SET status = 'doing', worker_id = %(worker_id)s FROM next WHERE job.id = next.id
    RETURNING job.id, job.status, job.task_name, job.priority, job.lock, job.queueing_lock, job.args, job.scheduled_at,
        job.queue_name, job.attempts, job.worker_id
"""
"""From queue to queue by the index `jobs_in_turn`, in their order, until one has a job that may be done: what waits in
the others is not read. Whether a queue is busy is asked once for each, before anything in it is. A name between itself
and itself, and first in the order: said as "equals", PostgreSQL takes procrastinate's index by priority where it
believes that few queues have all the jobs, and reads what waits in the others."""
_HELD_BACK = """
    SELECT EXISTS (
        SELECT FROM procrastinate_jobs job
        WHERE job.status = 'todo' AND (job.scheduled_at IS NULL OR job.scheduled_at <= now()) AND job.lock IS NULL
            AND job.queue_name <> %(paused)s
    ) AS held_back
"""
"""Not only of who is at work here: theirs may have ended between the two looks, and the next would wait for nothing."""
_OPEN_AGAIN = """
    WITH open AS (
        SELECT job.id, coalesce(t.role_name, 'default') AS queue_name
        FROM procrastinate_jobs job LEFT JOIN public.tenants t ON t.id = (job.args ->> 'tenant_id')::uuid
        WHERE job.queue_name = %(paused)s AND job.status = 'todo' AND (t.id IS NULL OR t.status = 'active')
        FOR UPDATE OF job SKIP LOCKED
    )
    UPDATE procrastinate_jobs job SET queue_name = open.queue_name FROM open WHERE job.id = open.id
"""
"""By the workspace's id: its role is another one after a restore in place."""


class Turns(JobManager):
    """Hands the worker its next job; remembers whose the last one was."""

    def __init__(self, connector: BaseConnector, *, share: int = SHARE, patience: float | None = None) -> None:
        """Allow each workspace `share` jobs at a time.

        While nothing waits but jobs of who has that much, `fetch_job` waits for one of theirs to end: `patience`
        seconds at most (a worker that is told to stop stops then), without one as long as it takes.
        """
        super().__init__(connector)
        self._share, self._patience, self._last = share, patience, ""
        self._changed = asyncio.Event()
        self._look_for_opened_at = 0.0

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:  # noqa: ARG002
        """Take the next job, None where none is due."""
        began = time.monotonic()
        while True:
            self._changed.clear()
            job = await self._take(worker_id)
            if job is not None or not await self._held_back():
                return job
            if self._patience is not None and time.monotonic() - began >= self._patience:
                return None
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), RECHECK_SECONDS)

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        """Note how a job ended; its workspace may have another one."""
        await super().finish_job(job, status, delete_job)
        self._changed.set()

    async def retry_job(self, job: Job, *args: Any, **options: Any) -> None:
        """Queue a job that failed again; its workspace may have another one.

        Where another with the same queueing lock was queued meanwhile, that one does the work and this one ends. Else
        it would be left under way for as long as the worker lives, and two such would take their workspace's share.
        """
        try:
            await super().retry_job(job, *args, **options)
        except UniqueViolation:
            if job.queueing_lock is None:
                raise
            await super().finish_job(job, Status.FAILED, delete_job=True)
        self._changed.set()

    async def listen_for_jobs(
        self, *, on_notification: NotificationCallback, queues: Iterable[str] | None = None
    ) -> None:
        """Hear of new jobs, as the worker does."""

        async def tell(*, channel: str, notification: JobInserted | AbortJobRequested) -> None:
            self._changed.set()
            await on_notification(channel=channel, notification=notification)

        await super().listen_for_jobs(on_notification=tell, queues=queues)

    async def _take(self, worker_id: int) -> Job | None:
        """Go on behind whom the last job was of, and begin anew at the end."""
        await self._bring_back_what_was_paused()
        for last in dict.fromkeys((self._last, "")):
            rows = await self.connector.execute_query_all_async(
                _NEXT, worker_id=worker_id, share=self._share, last=last, paused=PAUSED
            )
            if rows:
                self._last = rows[0]["queue_name"]
                return Job.from_row(rows[0])
        return None

    async def _held_back(self) -> bool:
        row = await self.connector.execute_query_one_async(_HELD_BACK, paused=PAUSED)
        return bool(row["held_back"])

    async def _bring_back_what_was_paused(self) -> None:
        """Put jobs back into the queues of their workspaces, as far as these are open again; now and then."""
        began = time.monotonic()
        if began < self._look_for_opened_at:
            return
        await self.connector.execute_query_async(_OPEN_AGAIN, paused=PAUSED)
        took = time.monotonic() - began
        self._look_for_opened_at = began + max(OPENED_SECONDS, took * _OPENED_PART)
