"""What an installation uses of its database, asked of the database itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg

from saas_crm.core.jobs import AT_ONCE
from saas_crm.workspaces.capacity_rules import Capacity
from tenants.migrate import connect, tenant_states
from tenants.settings import Settings
from tenants.versions import BEHIND

NESTED = 2
"""Connections to the shared tables that a thread may hold at a time; of the tenants' it holds one."""
OF_THE_WORKER = 2
"""Its listening one, and one for the archive that is being made."""
_MEMORY = Path("/proc/meminfo")
_ASKED = """
    SELECT
        (SELECT count(*) FROM public.tenants WHERE slug IS NOT NULL) AS tenants,
        (SELECT count(*) FROM public.tenants WHERE status = 'spare') AS spares,
        coalesce((SELECT count(*) FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = (
            SELECT to_regnamespace(schema_name) FROM public.tenants WHERE status <> 'making' ORDER BY id DESC LIMIT 1
        )), 0) AS tables_each,
        (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections,
        current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
            AS connections_allowed,
        pg_database_size(current_database()) AS database_size,
        (SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'i', 't', 'S', 'm')) AS files,
        pg_size_bytes(current_setting('max_wal_size')) AS log_to_replay,
        current_setting('recovery_init_sync_method') AS sync_method,
        (SELECT age(datfrozenxid) FROM pg_database WHERE datname = current_database()) AS transaction_ids,
        (SELECT count(*) FROM jobs.procrastinate_jobs WHERE status = 'failed') AS failed_jobs
"""


def capacity(settings: Settings) -> Capacity:
    """Return what is used and what there is, by the owner's connection. Raises psycopg's errors."""
    with connect(settings.owner_url) as connection:
        asked = _one(connection, _ASKED)
    behind = sum(state.standing in BEHIND for state in tenant_states(settings.owner_url))
    return Capacity(
        **asked, connections_wanted=_wanted(settings), tenants_per_connection=settings.connection_tenants,
        behind=behind, pooled=_is_pooled(settings),
    )  # fmt: skip


def _wanted(settings: Settings) -> int:
    """Return how many connections all processes open at most: as many as their threads need, or their pools give."""
    web = settings.web_workers * _wanted_by(settings.web_threads, settings)
    return web + _wanted_by(AT_ONCE, settings) + OF_THE_WORKER


def _wanted_by(threads: int, settings: Settings) -> int:
    most = 2 * settings.database_pool_size  # of each of both pools, with those they open above their size
    return min(threads, most) + min(NESTED * threads, most)


def _is_pooled(settings: Settings) -> bool:
    """Whether the application speaks to another place than the owner does: a pooler, which has a bound of its own."""
    app, owner = (psycopg.conninfo.conninfo_to_dict(url) for url in (settings.database_url, settings.owner_url))
    return any(app.get(name) != owner.get(name) for name in ("host", "port"))


def machine_memory(settings: Settings) -> int | None:
    """Return the bytes of memory of the database's machine, where that is this one and says so."""
    if not _is_here(settings.owner_url) or not _MEMORY.exists():
        return None
    words = _MEMORY.read_text(encoding="ascii").split()
    return int(words[words.index("MemTotal:") + 1]) * 1024


def _is_here(url: str) -> bool:
    host = psycopg.conninfo.conninfo_to_dict(url).get("host") or "/"
    return str(host).startswith("/") or host in ("localhost", "127.0.0.1", "::1")


def _one(connection: psycopg.Connection[Any], query: str) -> dict[str, Any]:
    with connection.cursor(row_factory=psycopg.rows.dict_row) as cursor:
        row = cursor.execute(query.encode()).fetchone()
    assert row is not None
    return row
