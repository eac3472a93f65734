"""How much an installation can carry, and from where on an operator is warned: reckoned from what was measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

BYTES_PER_TABLE = 90_000
"""What a connection keeps for ever of each table that it has read, with indexes and plans: 347 MB after
100 workspaces of 36 tables, 24 MB before (docs/benchmark.md, PostgreSQL 18)."""
SECONDS_PER_FILE = {"syncfs": 4.2e-6, "fsync": 65e-6}
"""Of recovery after a crash, by `recovery_init_sync_method`: 4.8 s and 75 s with 1,150,000 files, measured."""
REPLAYED_PER_SECOND = 50_000_000
"""Bytes of the write-ahead log that are replayed in a second, on the slow side."""
MOST_TENANTS = 1_000
"""Of one cluster, for reasons of operation; twice as many are the end."""
MOST_CONNECTIONS = 0.8
LONGEST_RECOVERY = 60.0  # seconds
OLDEST_TRANSACTION_ID = 1_000_000_000
"""Transactions since the oldest row was frozen; PostgreSQL stops writing at about 2,100,000,000."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """What there is and what is used of it; sizes in bytes, times in seconds."""

    tenants: int
    spares: int
    tables_each: int
    connections: int
    connections_wanted: int
    connections_allowed: int
    tenants_per_connection: int
    database_size: int
    files: int
    log_to_replay: int
    sync_method: str
    transaction_ids: int
    behind: int
    failed_jobs: int
    pooled: bool = False
    """Whether a pooler stands between, which decides how many connections the database sees."""

    @property
    def connection_memory(self) -> int:
        """What all wanted connections take once each has touched as many tenants as it may, and as there are."""
        touched = min(self.tenants_per_connection, self.tenants + self.spares)
        return self.connections_wanted * touched * self.tables_each * BYTES_PER_TABLE

    @property
    def recovery_seconds(self) -> float:
        """How long the database needs after a crash, about: looking at every file, and replaying the log."""
        per_file = SECONDS_PER_FILE.get(self.sync_method, max(SECONDS_PER_FILE.values()))
        return self.files * per_file + self.log_to_replay / REPLAYED_PER_SECOND


Concern = Literal["tenants", "connections", "memory", "recovery", "transaction_ids", "behind", "failed_jobs"]


def worries(found: Capacity, memory: int | None) -> Iterator[Concern]:
    """Yield what an operator should look at before it becomes a limit; `memory` is the machine's, where it is known."""
    if found.tenants + found.spares > MOST_TENANTS:
        yield "tenants"
    if not found.pooled and found.connections_wanted > MOST_CONNECTIONS * found.connections_allowed:
        yield "connections"
    if memory and not found.pooled and found.connection_memory > memory / 4:
        yield "memory"
    if found.recovery_seconds > LONGEST_RECOVERY:
        yield "recovery"
    if found.transaction_ids > OLDEST_TRANSACTION_ID:
        yield "transaction_ids"
    if found.behind:
        yield "behind"
    if found.failed_jobs:
        yield "failed_jobs"


def concerns(found: Capacity, memory: int | None) -> Iterator[str]:
    """Yield the same in English, with what to do, as the command says it."""
    words: dict[Concern, str] = {
        "tenants": f"More than {MOST_TENANTS:,} workspaces in one cluster: begin another one before it has twice as"
        " many.",
        "connections": f"The application may want {found.connections_wanted} connections of"
        f" {found.connections_allowed}: raise max_connections, lower DATABASE_POOL_SIZE, or put PgBouncer between.",
        "memory": "Connections may take more than a quarter of the machine's memory: lower CONNECTION_TENANTS or"
        " DATABASE_POOL_SIZE.",
        "recovery": "Recovery after a crash may take more than a minute: set recovery_init_sync_method = syncfs, and"
        " lower max_wal_size or checkpoint_timeout.",
        "transaction_ids": "Transaction ids are half used up: see that autovacuum runs, and run VACUUM FREEZE.",
        "behind": f"{found.behind} workspaces are behind this release. Run `saas-crm db upgrade`.",
        "failed_jobs": f"{found.failed_jobs} jobs failed. `saas-crm tenants list --details` says whose.",
    }
    yield from (words[each] for each in worries(found, memory))
