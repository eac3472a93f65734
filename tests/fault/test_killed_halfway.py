"""Processes of ours that are killed in the middle of making or migrating tenants, and what the next run finds."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from tenants.migrate import tenant_states, upgrade_tenants
from tenants.migrations.lines import head
from tenants.provisioning import make_spares
from tests.support.installation import Place
from tests.support.server import CHECKOUT

MAKING = """
import sys
from tenants.provisioning import make_spares
make_spares(sys.argv[1], sys.argv[2], wanted=200)
"""
MIGRATING = """
import sys
from tenants import migrate, versions
from tenants.migrations import lines
slow = lines.Step("9001", "SELECT pg_sleep(0.05); ALTER TABLE companies ADD COLUMN probe int; SELECT pg_sleep(0.05);")
line = (*lines.steps("tenant"), slow)
migrate.steps_after = lambda _, revision: line[[step.revision for step in line].index(revision) + 1:]
migrate.head = lambda _: "9001"
versions.known = lambda _: tuple(step.revision for step in line)
print("begins", flush=True)
migrate.upgrade_tenants(sys.argv[1], parallel=2)
"""


def start(script: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_making_spares_is_killed_and_the_next_run_goes_on(fresh_place: Place) -> None:
    place = fresh_place
    for _ in range(2):
        before = len(tenant_states(place.owner_url))
        process = start(MAKING, place.owner_url, place.runtime_url)
        while len(tenant_states(place.owner_url)) < before + 2:
            assert process.poll() is None
            time.sleep(0.01)
        process.kill()
        process.wait()
        wait_for_quiet(place.owner_url)
        with place.owner() as connection:
            registered, schemas = (
                {row[0] for row in connection.execute(query)}
                for query in (
                    "SELECT schema_name FROM public.tenants",
                    "SELECT nspname::text FROM pg_namespace WHERE nspname ~ '^t_[0-9a-f]{16}$'",
                )
            )
            tables = connection.execute(
                "SELECT count(DISTINCT n) FROM (SELECT count(*) AS n FROM pg_tables"
                " WHERE schemaname ~ '^t_[0-9a-f]{16}$' GROUP BY schemaname) counted"
            ).fetchone()
        assert registered == schemas
        assert tables == (1,), "every schema has the same tables"
    made = len(tenant_states(place.owner_url))
    assert make_spares(place.owner_url, place.runtime_url, wanted=made + 1) == 1


def test_migrating_is_killed_and_the_next_run_does_the_rest(fresh_place: Place) -> None:
    place = fresh_place
    make_spares(place.owner_url, place.runtime_url, wanted=5)
    process = start(MIGRATING, place.owner_url)
    assert process.stdout is not None
    assert process.stdout.readline() == "begins\n"
    while not any(state.revision == "9001" for state in tenant_states(place.owner_url)):
        assert process.poll() is None
        time.sleep(0.005)
    process.kill()
    process.wait()
    wait_for_quiet(place.owner_url)
    halfway = {state.schema: state.revision for state in tenant_states(place.owner_url)}
    assert set(halfway.values()) == {head("tenant"), "9001"}, "some are done and some are not"
    with place.owner() as connection:
        changed = {
            row[0]
            for row in connection.execute(
                "SELECT table_schema::text FROM information_schema.columns"
                " WHERE table_name = 'companies' AND column_name = 'probe'"
            )
        }
    assert changed == {schema for schema, revision in halfway.items() if revision == "9001"}
    rest = start(MIGRATING, place.owner_url)
    assert rest.wait(60) == 0
    assert {state.revision for state in tenant_states(place.owner_url)} == {"9001"}
    assert upgrade_tenants(place.owner_url) == [], "an older release touches none"


def wait_for_quiet(owner_url: str) -> None:
    """Wait until the killed process's connections have noticed."""
    import psycopg

    with psycopg.connect(owner_url, autocommit=True) as connection:
        for _ in range(500):
            others = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
                " AND pid <> pg_backend_pid() AND state <> 'idle'"
            ).fetchone()
            if others == (0,):
                return
            time.sleep(0.02)
    raise AssertionError("a killed process's connection lives on")
