"""From where on an operator is warned."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from saas_crm.cli.sizes import in_words
from saas_crm.workspaces.capacity_rules import Capacity, concerns

GIGABYTE = 1_000_000_000
WELL = Capacity(
    tenants=200, spares=20, tables_each=40, connections=12, connections_wanted=40, connections_allowed=100,
    tenants_per_connection=100, database_size=4 * GIGABYTE, files=50_000, log_to_replay=GIGABYTE, sync_method="syncfs",
    transaction_ids=1_000, behind=0, failed_jobs=0,
)  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "memory", "said"),
    [
        ({}, 64 * GIGABYTE, []),
        ({}, None, []),
        ({"tenants": 981}, None, ["begin another one"]),
        ({"connections_wanted": 81}, None, ["max_connections"]),
        ({}, 54 * GIGABYTE, ["quarter of the machine's memory"]),
        ({"tenants": 10, "spares": 2}, 54 * GIGABYTE, []),
        ({"connections_wanted": 81, "pooled": True}, 54 * GIGABYTE, []),
        ({"sync_method": "fsync", "files": 700_000}, None, ["recovery_init_sync_method"]),
        ({"sync_method": "unheard of", "files": 700_000}, None, ["recovery_init_sync_method"]),
        ({"log_to_replay": 4 * GIGABYTE}, None, ["max_wal_size"]),
        ({"transaction_ids": 1_000_000_001}, None, ["autovacuum"]),
        ({"behind": 3}, None, ["3 workspaces are behind"]),
        ({"failed_jobs": 2, "behind": 1}, None, ["1 workspaces are behind", "2 jobs failed"]),
    ],
)
def test_what_is_near_its_limit_is_said(changes: dict[str, Any], memory: int | None, said: list[str]) -> None:
    found = list(concerns(replace(WELL, **changes), memory))
    assert len(found) == len(said)
    assert all(words in sentence for words, sentence in zip(said, found, strict=True))


def test_memory_and_recovery_are_reckoned_from_what_was_measured() -> None:
    assert WELL.connection_memory == 40 * 100 * 40 * 90_000
    assert replace(WELL, tenants=3, spares=2).connection_memory == 40 * 5 * 40 * 90_000
    assert WELL.recovery_seconds == pytest.approx(50_000 * 4.2e-6 + 20)


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (2_547_712, "2.5 MB"), (7 * 10**15, "7000.0 TB")],
)
def test_sizes_are_told_in_the_largest_unit(size: int, words: str) -> None:
    assert in_words(size) == words
