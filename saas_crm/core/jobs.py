"""Work for later, deferred in the transaction of the change that caused it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

AT_ONCE = 3
"""Jobs that a worker does at a time."""
SHARE = 2
"""Of these, the jobs of one workspace at most: one is left for the others' mails."""
PAUSED = "paused"
"""The queue of all jobs that wait until their workspaces are open again: no worker takes one from there."""
DEFER = text("""
    SELECT public.defer_job(
        :task, :args, coalesce(:queue, nullif(current_setting('role'), 'none'), 'default'), NULL, :queueing_lock, :at
    )
""")
"""A job's queue is the role of its workspace, so that the worker can serve them in turn (`saas_crm.turns`)."""
_DEFER_BY_PSYCOPG = """
    SELECT public.defer_job(
        %(task)s, %(args)s, coalesce(%(queue)s, nullif(current_setting('role'), 'none'), 'default'), NULL,
        %(queueing_lock)s, %(at)s
    )
"""


@dataclass(frozen=True, slots=True)
class Job:
    """A named piece of work and, for a periodic one, its cron expression (UTC).

    One `for_member` is done in the name of the member whose id it was deferred with. One that `reads_only` changes
    nothing in its workspace, and is done whether that is open or not.
    """

    name: str
    run: Callable[..., None]
    cron: str | None = None
    retries: int = 0
    for_member: bool = False
    reads_only: bool = False


registry: dict[str, Job] = {}


def job(
    name: str, *, cron: str | None = None, retries: int = 0, for_member: bool = False, reads_only: bool = False
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a function as a job; it runs inside the tenant that deferred it, or outside any.

    `cron` makes it periodic; `retries` is how often a failed run is tried again, with growing pauses. What is done
    `for_member` is deferred with a `member_id` and gets the member as `actor`, with the role they have when it runs;
    if they are frozen or removed by then, or have no seat any more, it is not done. In a workspace that is read-only or
    closed only what `reads_only` is done; everything else waits until it is open again.
    """

    def register(run: Callable[..., None]) -> Callable[..., None]:
        registry[name] = Job(name, run, cron, retries, for_member, reads_only)
        return run

    return register


def defer(
    where: Session | Connection | psycopg.Connection[Any],
    name: str,
    *,
    at: datetime | None = None,
    queueing_lock: str | None = None,
    queue: str | None = None,
    **args: Any,
) -> None:
    """Queue a job in this transaction: a rollback leaves none. With a `queueing_lock`, at most one waits.

    The tenant comes from the role the transaction speaks with, and so does the queue unless one is named. Raises
    KeyError for an unknown job.
    """
    task = registry[name].name
    values = {"task": task, "args": Jsonb(args), "queueing_lock": queueing_lock, "at": at, "queue": queue}
    if isinstance(where, psycopg.Connection):
        where.execute(_DEFER_BY_PSYCOPG, values)
    else:
        where.execute(DEFER, values)
