"""A tenant whose migration takes the server down with it, as by eating all memory: it is named, others go on."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tenants.migrate import tenant_states, upgrade_tenants
from tenants.migrations import lines
from tenants.migrations.lines import Step
from tenants.provisioning import make_spares
from tests.fault.conftest import Doomed
from tests.support.release import NEXT, Release

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kills a process of the server")
_STUCK = """SELECT pid FROM pg_stat_activity
 WHERE state = 'active' AND query LIKE '%pg_sleep(61)%' AND wait_event = 'PgSleep'"""


@pytest.fixture
def release(monkeypatch: pytest.MonkeyPatch) -> Release:
    """The release, which a test may turn into another one."""
    return Release(monkeypatch)


def kill_who_is_stuck(owner_url: str) -> None:
    """Kill the server's process that migrates the tenant, as the machine does when it has no memory left."""
    with psycopg.connect(owner_url, autocommit=True) as connection:
        for _ in range(600):
            if found := connection.execute(_STUCK).fetchall():
                [(pid,)] = found
                os.kill(pid, signal.SIGKILL)
                return
            time.sleep(0.05)
    raise AssertionError("nobody migrates it")


@pytest.mark.parametrize("parallel", [1, 2])
def test_it_is_named_and_the_others_are_brought_up(
    doomed: Callable[..., Doomed], release: Release, parallel: int
) -> None:
    place = doomed().place
    make_spares(place.owner_url, place.runtime_url, wanted=5)
    cut = tenant_states(place.owner_url)[2].schema
    stuck = f"DO $$ BEGIN IF current_schema() = '{cut}' THEN PERFORM pg_sleep(61); END IF; END $$;"
    former, adds = lines.steps("tenant"), "ALTER TABLE companies ADD COLUMN probe text;"
    release.brings(f"{stuck} {adds}")
    with ThreadPoolExecutor(1) as other:
        killed = other.submit(kill_who_is_stuck, place.owner_url)
        outcomes = {one.schema: one.error for one in upgrade_tenants(place.owner_url, parallel=parallel)}
        killed.result()
    assert len(outcomes) == 6
    states = {state.schema: state for state in tenant_states(place.owner_url)}
    failed = {schema for schema, error in outcomes.items() if error}
    assert cut in failed
    assert len(failed) <= parallel, "besides it who was migrated in that very moment, and nobody else"
    assert {schema for schema, state in states.items() if state.revision != NEXT} == failed
    assert all(states[schema].error for schema in failed)
    release.has((*former, Step(NEXT, adds)))
    assert {one.schema for one in upgrade_tenants(place.owner_url) if not one.error} == failed
