"""Processes of ours that are killed in the middle of making or migrating tenants, and what the next run finds."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time

import pytest

from tenants.migrate import tenant_states, upgrade_tenants
from tenants.migrations.lines import head
from tenants.provisioning import make_spares
from tests.support.catalog import catalog
from tests.support.installation import Place
from tests.support.proofs import sized
from tests.support.server import CHECKOUT
from tests.support.tally import tally

MAKING = """
import sys
from tenants.provisioning import make_spares
make_spares(sys.argv[1], sys.argv[2], wanted=200)
"""
MIGRATING = """
import sys
from tenants import migrate, versions
from tenants.migrations import lines
many = [lines.Step(str(9000 + n), f"SELECT pg_sleep(0.02); ALTER TABLE companies ADD COLUMN probe_{9000 + n} int;"
                   " SELECT pg_sleep(0.02);") for n in range(1, int(sys.argv[2]) + 1)]
line = (*lines.steps("tenant"), *many)
migrate.steps_after = lambda _, revision: line[[step.revision for step in line].index(revision) + 1:]
migrate.head = lambda _: line[-1].revision
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


@pytest.mark.timeout(sized(120, 1_800))
def test_migrating_is_killed_and_the_next_run_does_the_rest(fresh_place: Place) -> None:
    """Each release brings one revision more, and its first run is killed when some tenants are done."""
    place, kills, tenants = fresh_place, sized(1, 20), sized(5, 60)
    make_spares(place.owner_url, place.runtime_url, wanted=tenants)
    halfway = 0
    for number in range(1, kills + 1):
        newest = str(9000 + number)
        process = start(MIGRATING, place.owner_url, str(number))
        assert process.stdout is not None
        assert process.stdout.readline() == "begins\n"
        wanted = random.randint(1, tenants // 2)
        while sum(revision == newest for revision in revisions(place).values()) < wanted:
            assert process.poll() is None
            time.sleep(0.005)
        process.kill()
        process.wait()
        wait_for_quiet(place.owner_url)
        reached = revisions(place)
        assert newest in reached.values()
        halfway += set(reached.values()) != {newest}
        with place.owner() as connection:
            changed = {
                (schema, column[-4:])
                for schema, column in connection.execute(
                    "SELECT table_schema::text, column_name::text FROM information_schema.columns"
                    " WHERE table_name = 'companies' AND column_name LIKE 'probe%'"
                )
            }
        ran = {(schema, str(step)) for schema, revision in reached.items() for step in range(9001, int(revision) + 1)
               if revision > head("tenant")}  # fmt: skip
        assert changed == ran, "what is marked done has run, and what has run is marked done"
    assert halfway == kills, "some were done and some were not"
    rest = start(MIGRATING, place.owner_url, str(kills))
    assert rest.wait(60) == 0
    assert set(revisions(place).values()) == {str(9000 + kills)}
    with place.owner() as connection:
        first, *others = (catalog(connection, schema) for schema in revisions(place))
    assert all(other == first for other in others)
    assert upgrade_tenants(place.owner_url) == [], "an older release touches none"
    tally(f"migration runner killed: {kills} times; tenants whole", tenants)


def revisions(place: Place) -> dict[str, str]:
    return {state.schema: state.revision for state in tenant_states(place.owner_url)}


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
