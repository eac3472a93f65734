"""What takes the owner's rights: asked for by a row that the application's own login alone can write, done by jobs.

The web processes hold no owner's login and never will: they ask, and look how far it is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from threading import Lock
from typing import Any
from uuid import UUID

import psycopg
import structlog
from psycopg.types.json import Jsonb
from sqlalchemy import Connection, func, insert, select, text

from saas_crm.core.clock import now
from saas_crm.operators.acts import Place, Who, record
from saas_crm.operators.faults import Fault
from saas_crm.operators.figures import take_figures, take_figures_of
from saas_crm.operators.models import OperatorWork
from saas_crm.operators.waiting_jobs import queue_again
from tenants.db import SHARED, AnyRow, db, new_id
from tenants.directory import shared_reader
from tenants.migrate import Outcome, connect, tenant_states, upgrade_tenants
from tenants.settings import Settings

log = structlog.get_logger(__name__)
MIGRATE, RETRY_JOBS, FIGURES = "migrate", "retry_jobs", "figures"
BACKUPS, RESTORE_AS, RESTORE_IN_PLACE = "backups", "restore_as", "restore_in_place"
RESTORE_FILE, RESTORE_FILE_OVER, DELETE = "restore_file", "restore_file_in_place", "delete_now"
ALONE = (RESTORE_AS, RESTORE_IN_PLACE, RESTORE_FILE_OVER, DELETE)
"""Of these a workspace has one at a time."""
OPEN_FOR = timedelta(hours=6)
"""After so long what did not come to its end no longer keeps another one like it from being asked for."""
TOLD_EVERY = 20
"""Workspaces after which it is written how far a migration is."""
PARALLEL = 4
UNANSWERED = timedelta(minutes=2)
"""After so long in the queue it is said that the worker may not run."""
_CLAIM = """
    UPDATE public.operator_work SET state = 'running', done = 0, failures = '[]'
    WHERE id = %s AND state IN ('queued', 'running') RETURNING kind, tenant_id, asked
"""
_TELL = "UPDATE public.operator_work SET done = %s, total = %s WHERE id = %s"
_END = """
    UPDATE public.operator_work SET state = %s, done = %s, total = %s, failures = %s, error = %s, ended_at = now()
    WHERE id = %s AND state <> 'done'
"""
"""A restore has written its end itself, with what it restored; nothing writes over that."""
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('work of operators ' || :place, 0))")


def ask(who: Who, kind: str, place: Place | None = None, **asked: Any) -> UUID:
    """Ask the worker for something and write it down; returns by which id to look how far it is."""
    with db.engines[SHARED].begin() as connection:
        return ask_in(connection, who, kind, place, **asked)


def ask_in(connection: Connection, who: Who, kind: str, place: Place | None = None, **asked: Any) -> UUID:
    """Do the same in the transaction at hand."""
    work_id = new_id()
    connection.execute(insert(OperatorWork).values(
        id=work_id, kind=kind, tenant_id=place and place.id, asked=asked, asked_by=who.operator_id
    ))  # fmt: skip
    connection.execute(select(func.public.defer_operator_work(work_id)))
    record(connection, who, kind, place, work=str(work_id), **asked)
    return work_id


def ask_once(who: Who, kind: str, place: Place, among: Collection[str], **asked: Any) -> bool:
    """Ask for something unless some work `among` these kinds waits or runs for the workspace; says whether it did.

    Of two clicks at one moment one asks: the second waits for the first and finds its row.
    """
    with db.engines[SHARED].begin() as connection:
        if is_under_way(connection, place, among):
            return False
        ask_in(connection, who, kind, place, **asked)
    return True


def is_under_way(connection: Connection, place: Place, among: Collection[str]) -> bool:
    """Whether some work `among` these kinds waits or runs for a workspace; nobody asks for more until the commit."""
    table = OperatorWork
    waiting = select(table.id).where(
        table.tenant_id == place.id, table.kind.in_(among), table.state.in_(("queued", "running")),
        table.asked_at > now() - OPEN_FOR,
    )  # fmt: skip
    connection.execute(_ONE_AT_A_TIME, {"place": str(place.id)})
    return connection.execute(waiting.limit(1)).first() is not None


def work_of(work_id: UUID) -> AnyRow | None:
    """Return how far something is, None where nothing like it was asked for."""
    with shared_reader() as connection:
        return connection.execute(_shown().where(OperatorWork.id == work_id)).one_or_none()


def latest(tenant_id: UUID | None, kinds: Collection[str]) -> AnyRow | None:
    """Return what was asked for last of a workspace, or of all (None), within a day."""
    query = _shown().where(
        OperatorWork.tenant_id == tenant_id if tenant_id else OperatorWork.tenant_id.is_(None),
        OperatorWork.kind.in_(kinds), OperatorWork.asked_at > now() - timedelta(days=1),
    )  # fmt: skip
    with shared_reader() as connection:
        return connection.execute(query.order_by(OperatorWork.id.desc()).limit(1)).one_or_none()


def _shown() -> Any:
    table = OperatorWork
    return select(
        table.id, table.kind, table.tenant_id, table.asked_at, table.state, table.done, table.total, table.failures,
        table.error, table.ended_at, table.asked,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Result:
    """What became of it: how many were done of how many, and which failed and why."""

    done: int
    total: int
    failures: list[dict[str, str]]


def carry_out(settings: Settings, work_id: UUID) -> None:
    """Do what was asked for, by the owner's connection; a worker that dies meanwhile is followed by another.

    What was done already, or asked for by nobody, is not done again. A failure is written into the row, not raised:
    it is for who asked to read, and to ask again.
    """
    with connect(settings.owner_url) as connection:
        row = connection.execute(_CLAIM, [work_id]).fetchone()
        if row is None:
            return
        kind, tenant_id, asked = row
        try:
            result = _KINDS[kind](settings, connection, work_id, tenant_id, asked)
        except Exception as failed:  # whatever it is, who asked must read it
            log.error("work of an operator failed", work=str(work_id), kind=kind, exc_info=failed)
            connection.execute(_END, ["failed", 0, None, Jsonb([]), _reason(failed), work_id])
            return
        state = "failed" if result.failures else "done"
        connection.execute(_END, [state, result.done, result.total, Jsonb(result.failures), None, work_id])


def _reason(failed: Exception) -> str:
    if isinstance(failed, Fault):
        return str(failed)[:500]
    return f"{type(failed).__name__}: {failed}".splitlines()[0][:500]


def _migrate(
    settings: Settings, connection: psycopg.Connection[Any], work_id: UUID, _tenant_id: UUID | None,
    asked: dict[str, Any],
) -> Result:  # fmt: skip
    slugs = {state.schema: state.slug or state.schema for state in tenant_states(settings.owner_url)}
    failures: list[dict[str, str]] = []
    progress = _Progress(connection, work_id)

    def report(outcome: Outcome, of: int) -> None:
        progress(of)
        if outcome.error is not None:
            failures.append({"slug": slugs.get(outcome.schema, outcome.schema), "error": outcome.error[:500]})

    only = asked.get("slugs")
    outcomes = upgrade_tenants(settings.owner_url, parallel=PARALLEL, only=only, report=report)
    return Result(len(outcomes) - len(failures), len(outcomes), sorted(failures, key=lambda each: each["slug"]))


class _Progress:
    """Writes how far a migration is; told from several threads."""

    def __init__(self, connection: psycopg.Connection[Any], work_id: UUID) -> None:
        self._connection, self._work_id = connection, work_id
        self._lock, self._done = Lock(), 0

    def __call__(self, of: int) -> None:
        """Take note of one of so many."""
        with self._lock:
            self._done += 1
            if self._done % TOLD_EVERY == 1:
                self._connection.execute(_TELL, [self._done, of, self._work_id])


def _retry_jobs(
    settings: Settings, connection: psycopg.Connection[Any], _work_id: UUID, tenant_id: UUID | None,
    asked: dict[str, Any],
) -> Result:  # fmt: skip
    if tenant_id is None:
        raise Fault("gone")
    count = queue_again(connection, tenant_id, asked.get("ids"))
    row = connection.execute("SELECT slug FROM public.tenants WHERE id = %s", [tenant_id]).fetchone()
    if row is not None:
        take_figures_of(settings, [row[0]])
    return Result(count, count, [])


def _figures(
    settings: Settings, _connection: psycopg.Connection[Any], _work_id: UUID, _tenant_id: UUID | None,
    asked: dict[str, Any],
) -> Result:  # fmt: skip
    only = asked.get("slugs")
    count = len(only) if only else take_figures(settings)
    if only:
        take_figures_of(settings, list(only))
    return Result(count, count, [])


def _of_a_whole(
    settings: Settings, connection: psycopg.Connection[Any], work_id: UUID, tenant_id: UUID | None,
    asked: dict[str, Any], *, kind: str,
) -> Result:  # fmt: skip
    """What talks to object stores is imported here: web processes know the work, and never do it."""
    from saas_crm.operators import deleting, restoring, restoring_files

    if tenant_id is None:
        raise Fault("gone")
    do = {
        BACKUPS: restoring.look_up, RESTORE_AS: restoring.restore_new, RESTORE_IN_PLACE: restoring.restore_over,
        RESTORE_FILE_OVER: restoring_files.restore_upload_over, DELETE: deleting.delete_now,
    }  # fmt: skip
    count = do[kind](settings, connection, work_id, tenant_id, asked)
    return Result(count, count, [])


def _restore_file(
    settings: Settings, connection: psycopg.Connection[Any], work_id: UUID, _tenant_id: UUID | None,
    asked: dict[str, Any],
) -> Result:  # fmt: skip
    from saas_crm.operators.restoring_files import restore_upload

    restore_upload(settings, connection, work_id, asked)
    return Result(1, 1, [])


_KINDS: dict[str, Callable[[Settings, psycopg.Connection[Any], UUID, UUID | None, dict[str, Any]], Result]] = {
    MIGRATE: _migrate, RETRY_JOBS: _retry_jobs, FIGURES: _figures, RESTORE_FILE: _restore_file,
    **{kind: partial(_of_a_whole, kind=kind) for kind in (BACKUPS, *ALONE)},
}  # fmt: skip
