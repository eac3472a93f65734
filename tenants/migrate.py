"""Brings the shared tables and every tenant to the newest revision: parallel, timed, resumable."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from threading import local
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg import sql

from tenants.migrations.lines import Step, fill, head, steps_after
from tenants.reconnecting import connect_again
from tenants.runtime_login import ensure_login, set_login_defaults
from tenants.versions import Standing, stands

LOCK_TIMEOUT = "500ms"
"""Whoever asks for a table after a migration waits behind it: so long a page stands still, and no longer."""
STATEMENT_TIMEOUT = "60s"
ATTEMPTS = 6
_SHARED_LOCK = 7_203_512_994
_HELD = (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected)
Done = TypeVar("Done")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one tenant: at which revision it is, and why it failed if it did; a spare has no slug."""

    schema: str
    revision: str
    error: str | None = None
    slug: str | None = None


@dataclass(frozen=True, slots=True)
class TenantState:
    """One line of `db status`."""

    schema: str
    slug: str | None
    status: str
    revision: str
    error: str | None

    @property
    def standing(self) -> Standing:
        """How it stands to this release; all but "older" are served."""
        return stands("tenant", self.revision)

    @property
    def current(self) -> bool:
        """Whether it is at the newest revision of this release."""
        return self.revision == head("tenant")


def connect(owner_url: str) -> psycopg.Connection[Any]:
    """Open an owner's connection in autocommit; transactions are explicit."""
    return psycopg.connect(owner_url, autocommit=True, connect_timeout=10, prepare_threshold=None)


def upgrade_shared(owner_url: str, runtime_url: str, *, timeout_ms: int = 15_000) -> list[str]:
    """Apply the shared line in one transaction per revision; returns the revisions applied.

    An advisory lock lets only one process do it; the others wait and find nothing to do. `timeout_ms` is how long
    a statement of the runtime login may run, wherever no tenant's own limit holds.
    """
    login = unquote(urlsplit(runtime_url).username or "")
    done = []
    with connect(owner_url) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [_SHARED_LOCK])
        ensure_login(connection, runtime_url)
        set_login_defaults(connection, runtime_url, timeout_ms)
        revision = shared_revision(connection)
        ahead = stands("shared", revision) == "newer"  # a newer release was here; this one runs on it
        for step in () if ahead else steps_after("shared", revision):
            _again_while_held(partial(_apply_shared, connection, step, login))
            done.append(step.revision)
    return done


def _apply_shared(connection: psycopg.Connection[Any], step: Step, login: str) -> None:
    with connection.transaction():
        _timeouts(connection)
        connection.execute(fill(step.sql, runtime_login=login).encode())
        connection.execute("DELETE FROM public.shared_version")
        connection.execute("INSERT INTO public.shared_version VALUES (%s)", [step.revision])


def shared_revision(connection: psycopg.Connection[Any]) -> str:
    """Return the revision of the shared tables, "" for a database that has none."""
    if connection.execute("SELECT to_regclass('public.shared_version')").fetchone() == (None,):
        return ""
    row = connection.execute("SELECT revision FROM public.shared_version").fetchone()
    return str(row[0]) if row else ""


def upgrade_tenants(
    owner_url: str, *, parallel: int = 4, only: Collection[str] | None = None,
    report: Callable[[Outcome, int], None] | None = None,
) -> list[Outcome]:  # fmt: skip
    """Bring every tenant and spare to the newest revision, or `only` those with these slugs, `parallel` at a time.

    Each is one transaction with timeouts; one that fails is retried, recorded and reported, and does
    not stop the others. Running it again does what is left. `report` is told each outcome, and of how many it is one.
    """
    behind = [
        state for state in tenant_states(owner_url)
        if state.standing in ("older", "previous") and (only is None or state.slug in only)
    ]  # fmt: skip
    held = local()
    opened: list[psycopg.Connection[Any]] = []
    again = partial(connect_again, partial(connect, owner_url))

    def work(state: TenantState) -> Outcome:
        if not hasattr(held, "connection") or held.connection.closed:
            held.connection = again() if hasattr(held, "connection") else connect(owner_url)
            opened.append(held.connection)
        outcome = replace(upgrade_tenant(held.connection, state.schema, again), slug=state.slug)
        if report:
            report(outcome, len(behind))
        return outcome

    try:
        with ThreadPoolExecutor(max_workers=parallel) as pool:
            return list(pool.map(work, behind))
    finally:
        for connection in opened:
            connection.close()


def upgrade_tenant(
    connection: psycopg.Connection[Any], schema: str, another: Callable[[], psycopg.Connection[Any]] | None = None
) -> Outcome:
    """Bring one tenant up; nothing is recorded as done that did not run, and by `another` where this one has ended."""
    try:
        return _again_while_held(partial(_upgrade_once, connection, schema))
    except _HELD as held:
        error = f"held by another transaction: {held.diag.message_primary}"
    except (psycopg.Error, LookupError) as failed:
        error = str(failed).strip()
    if connection.closed and another is not None:
        return _look_again(another, schema, error)
    return _failed(connection, schema, error)


def _look_again(another: Callable[[], psycopg.Connection[Any]], schema: str, error: str) -> Outcome:
    for _ in range(ATTEMPTS):  # a server that is going down may take a connection and end it, too
        fresh = another()
        with suppress(psycopg.OperationalError), fresh:
            return _came_through(fresh, schema) or _failed(fresh, schema, error)
    return Outcome(schema, "", error)


def _came_through(connection: psycopg.Connection[Any], schema: str) -> Outcome | None:
    """Look whether a tenant is up though its connection has ended: the answer to a COMMIT can be lost on its way."""
    query = "SELECT schema_version FROM public.tenants WHERE schema_name = %s FOR UPDATE"
    with connection.transaction():
        _timeouts(connection)  # a server that lives may be at it still: it holds the row until it has come through
        done = connection.execute(query, [schema]).fetchone() == (head("tenant"),)
    return Outcome(schema, head("tenant")) if done else None


def _failed(connection: psycopg.Connection[Any], schema: str, error: str) -> Outcome:
    _note_failure(connection, schema, error)
    return Outcome(schema, "", error)


def _note_failure(connection: psycopg.Connection[Any], schema: str, error: str) -> None:
    """Write down why a tenant could not be brought up; where its row is held by somebody, only the outcome tells it."""
    with suppress(*_HELD), connection.transaction():
        _timeouts(connection)
        connection.execute("UPDATE public.tenants SET migration_error = %s WHERE schema_name = %s", [error, schema])


def _again_while_held(act: Callable[[], Done]) -> Done:
    """Try until no other transaction is in the way, with growing pauses in which others get their turn."""
    for attempt in range(1, ATTEMPTS):
        try:
            return act()
        except _HELD:
            time.sleep(0.2 * attempt)
    return act()


def _upgrade_once(connection: psycopg.Connection[Any], schema: str) -> Outcome:
    with connection.transaction():
        _timeouts(connection)
        row = connection.execute(
            "SELECT schema_version, role_name FROM public.tenants WHERE schema_name = %s FOR UPDATE", [schema]
        ).fetchone()
        if row is None:
            return Outcome(schema, "", "gone")
        todo = steps_after("tenant", row[0])
        if todo:
            apply_steps(connection, schema, row[1], todo)
        connection.execute(
            "UPDATE public.tenants SET schema_version = %s, migration_error = NULL WHERE schema_name = %s",
            [head("tenant"), schema],
        )
    return Outcome(schema, head("tenant"))


def apply_steps(connection: psycopg.Connection[Any], schema: str, role: str, todo: Sequence[Step]) -> None:
    """Run steps of the tenant line in a tenant's schema, in the transaction at hand."""
    script = "\n".join(fill(step.sql, tenant_role=role, tenant_schema=schema) for step in todo)
    path = sql.SQL("SET LOCAL search_path = {};").format(sql.Identifier(schema)).as_string(None)
    connection.execute((path + script).encode())


def _timeouts(connection: psycopg.Connection[Any]) -> None:
    both = sql.SQL("SET LOCAL lock_timeout = {}; SET LOCAL statement_timeout = {}")
    connection.execute(both.format(sql.Literal(LOCK_TIMEOUT), sql.Literal(STATEMENT_TIMEOUT)))


def tenant_states(owner_url: str) -> list[TenantState]:
    """Return every tenant and spare with its revision, in order of creation."""
    query = (
        "SELECT schema_name, slug, status, schema_version, migration_error FROM public.tenants"
        " WHERE status <> 'making' ORDER BY id"
    )
    with connect(owner_url) as connection:
        return [TenantState(*row) for row in connection.execute(query)]
