"""What many tenants cost: pages, claiming, signing up, migrating, memory of a connection."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
from psycopg import sql

from infra.bench.client import Browser
from infra.bench.results import Verdict, percentile
from infra.bench.servers import Server
from infra.bench.workspaces import PASSWORD, application, found
from tenants.directory import Directory
from tenants.migrate import connect, upgrade_tenants
from tenants.migrations import lines
from tenants.provisioning import founding
from tenants.settings import Settings

NEXT = "9999"
REVISION = '''"""A column more, for the benchmark."""

from alembic import op

revision = "{revision}"
down_revision = "{before}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.execute("ALTER TABLE companies ADD COLUMN bench_probe text")
'''


def claims(settings: Settings, count: int) -> list[Verdict]:
    """Measure claiming a ready workspace: the claim alone, and founding with roles, owner and pipeline."""
    alone, whole = [], []
    with application(settings) as app:
        directory: Directory = app.extensions["directory"]
        stamp = int(time.time())
        for number in range(count):
            began = time.perf_counter()
            values = {"slug": f"claim-{stamp}-{number}", "name": "Claimed", "locale": "en", "country": "DE",
                      "currency": "EUR", "timezone": "Europe/Berlin"}  # fmt: skip
            try:
                with founding(directory, **values):
                    alone.append(time.perf_counter() - began)
                    raise _Undo
            except _Undo:
                pass
            began = time.perf_counter()
            found(app, f"found-{stamp}-{number}")
            whole.append(time.perf_counter() - began)
    return [
        Verdict("claiming a workspace", round(median(alone) * 1000, 1), 20, "ms",
                note=f"p95 {percentile(alone, 0.95) * 1000:.1f} ms; with roles, owner and pipeline "
                     f"{median(whole) * 1000:.1f} ms"),
    ]  # fmt: skip


class _Undo(Exception):
    """Gives a claimed workspace back."""


def sign_ups(server: Server, count: int) -> Verdict:
    """Measure signing a company up in the browser, from sending the form to the workspace's first page."""
    seconds = []
    stamp = int(time.time())
    for number in range(count):
        browser = Browser(server.port, network=f"10.{number + 1}.0.1")
        browser.get("/signup")
        form = {"company": f"Company {stamp} {number}", "slug": f"signup-{stamp}-{number}", "name": "Ann Lee",
                "email": f"ann-{stamp}-{number}@bench.example", "password": PASSWORD, "locale": "en", "country": "DE",
                "currency": "EUR", "timezone": "Europe/Berlin"}  # fmt: skip
        began = time.perf_counter()
        status, text = browser.post("/signup", **form)
        seconds.append(time.perf_counter() - began)
        if status != 200 or f"signup-{stamp}-{number}" not in text:
            raise SystemExit(f"signing up fails: {status} {text[:500]}")
    return Verdict("sign-up to the ready page", round(median(seconds) * 1000), 500, "ms",
                   note=f"p95 {percentile(seconds, 0.95) * 1000:.0f} ms, {count} sign-ups")  # fmt: skip


def migration(settings: Settings, *, parallel: int = 4) -> Verdict:
    """Measure adding a column to every tenant and spare; it is taken away again."""
    with next_release():
        began = time.perf_counter()
        outcomes = upgrade_tenants(settings.owner_url, parallel=parallel)
        seconds = time.perf_counter() - began
    failed = [outcome for outcome in outcomes if outcome.error]
    take_back_column(settings)
    return Verdict(f"{len(outcomes)} tenants migrated, one column added", round(seconds, 1), 10, "s",
                   note=f"{parallel} at a time, {len(failed)} failed")  # fmt: skip


def take_back_column(settings: Settings) -> int:
    """Take away what the next release brought, outside of it; returns how many tenants and spares had it."""
    with connect(settings.owner_url) as connection:
        having = "SELECT schema_name FROM public.tenants WHERE schema_version = %s"
        schemas = connection.execute(having, [NEXT]).fetchall()
        for (schema,) in schemas:
            table = sql.Identifier(schema, "companies")
            connection.execute(sql.SQL("ALTER TABLE {} DROP COLUMN IF EXISTS bench_probe").format(table))
        connection.execute("UPDATE public.tenants SET schema_version = %s WHERE schema_version = %s",
                           [lines.head("tenant"), NEXT])  # fmt: skip
    return len(schemas)


@contextmanager
def next_release() -> Iterator[None]:
    """Let this process know one revision more of the tenant line than there is."""
    former = lines.HERE
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "migrations")
        shutil.copytree(former, copy, ignore=shutil.ignore_patterns("__pycache__"))
        text = REVISION.format(revision=NEXT, before=lines.head("tenant"))
        (copy / "tenant" / f"r{NEXT}_bench_probe.py").write_text(text, encoding="utf-8")
        try:
            lines.HERE = copy
            _forget()
            yield
        finally:
            lines.HERE = former
            _forget()


def _forget() -> None:
    lines.known.cache_clear()
    lines._steps.cache_clear()


def connection_memory(settings: Settings) -> dict[int, float]:
    """Return the private memory in MB of a connection after it has read every table of 1, 100, 1,000 … tenants."""
    with connect(settings.owner_url) as owner:
        tenants = owner.execute("SELECT role_name, schema_name FROM public.tenants ORDER BY id").fetchall()
        tables = [row[0] for row in owner.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = %s", [tenants[0][1]])]  # fmt: skip
    found = {}
    with psycopg.connect(settings.database_url, prepare_threshold=None) as connection:
        for number, (role, schema) in enumerate(tenants, 1):
            _read_all(connection, role, schema, tables)
            if number in (1, 100, 250, 500, 1_000) or number == len(tenants):
                found[number] = _private_mb(connection.info.backend_pid)
    return found


def _read_all(connection: psycopg.Connection[Any], role: str, schema: str, tables: list[str]) -> None:
    enter = sql.SQL("SET LOCAL ROLE {}; SET LOCAL search_path = {}").format(
        sql.Identifier(role), sql.Identifier(schema)
    )
    connection.execute(enter)
    for table in tables:
        connection.execute(sql.SQL("SELECT 1 FROM {} LIMIT 1").format(sql.Identifier(table)))
    connection.commit()


def sessions_memory_mb(settings: Settings) -> list[float]:
    """Return the private memory of the application's present sessions."""
    with connect(settings.owner_url) as connection:
        rows = connection.execute("SELECT pid FROM pg_stat_activity WHERE usename = 'crm_app'").fetchall()
    return sorted(_private_mb(pid) for (pid,) in rows)


def _private_mb(pid: int) -> float:
    """Return what a process has for itself alone: the server's shared buffers are not counted."""
    total = 0
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith(("Private_Clean:", "Private_Dirty:")):
            total += int(line.split()[1])
    return round(total / 1000, 1)
