"""Processes of ours that are killed in the middle of making or migrating tenants, and what the next run finds.

While tenants are migrated people write and companies sign up, as in `test_kills`: nothing acknowledged is lost.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest

from tenants.migrate import tenant_states, upgrade_tenants
from tenants.migrations.lines import head
from tenants.provisioning import make_spares
from tests.fault.conftest import Doomed
from tests.fault.loading import Load, half_made, loaded, lost, served
from tests.support.catalog import catalog
from tests.support.installation import Place
from tests.support.proofs import sized
from tests.support.server import CHECKOUT
from tests.support.tally import tally

RUNNER = "doomed-runner"
"""What the processes that are killed call themselves at the database: others work there meanwhile."""
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
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), "PGAPPNAME": RUNNER}, stdout=subprocess.PIPE, text=True,
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


@pytest.mark.skipif(sys.platform != "linux", reason="the load's server is found in /proc")
@pytest.mark.timeout(sized(240, 3_600))
def test_migrating_is_killed_and_the_next_run_does_the_rest(doomed: Callable[..., Doomed]) -> None:
    """Each release brings one revision more, and its first run is killed when some tenants are done.

    The release that serves meanwhile is the one before: it writes, and it founds workspaces of its own revision.
    """
    installation, kills, meanwhile = doomed(), sized(1, 20), 0
    place = installation.place
    make_spares(place.owner_url, place.runtime_url, wanted=sized(5, 60))
    with served(installation) as (url, _), loaded(installation, url) as load:
        for number in range(1, kills + 1):
            load.more(random.randint(5, 20))
            meanwhile += killed_halfway(place, load, number)
            assert_marked_as_run(place)
            assert lost(load) == set()
        load.more()
    assert (lost(load), half_made(load), load.wrong) == (set(), [], [])
    rest = start(MIGRATING, place.owner_url, str(kills))
    assert rest.wait(sized(60, 600)) == 0
    assert set(revisions(place).values()) == {str(9000 + kills)}
    with place.owner() as connection:
        first, *others = (catalog(connection, schema) for schema in revisions(place))
    assert all(other == first for other in others)
    assert upgrade_tenants(place.owner_url) == [], "an older release touches none"
    assert (lost(load), half_made(load)) == (set(), [])
    tally(f"migration runner killed: {kills} times, {1 + len(others)} tenants whole, {len(load.founded)} sign-ups,"
          f" {meanwhile} writes while it ran; writes kept", len(load.promised))  # fmt: skip


def killed_halfway(place: Place, load: Load, number: int) -> int:
    """Migrate, and kill it when some tenants are done and some are not; returns how much was written meanwhile."""
    there, newest = list(revisions(place)), str(9000 + number)
    wanted = random.randint(1, len(there) // 2)
    with somebody_in(place, there[-1]):
        process = start(MIGRATING, place.owner_url, str(number))
        assert process.stdout is not None
        assert process.stdout.readline() == "begins\n"
        before = len(load.promised)
        while done(place, newest) < wanted or len(load.promised) == before:
            assert process.poll() is None
            time.sleep(0.005)
        process.kill()
        process.wait()
        written = len(load.promised) - before
    wait_for_quiet(place.owner_url)
    reached = revisions(place)
    assert newest in reached.values()
    assert any(reached[schema] != newest for schema in there), "some were done and some were not"
    return written


@contextmanager
def somebody_in(place: Place, schema: str) -> Iterator[None]:
    """Keep the tenant whose turn is last from being migrated: the runner is not done before it is killed."""
    with psycopg.connect(place.owner_url) as holder:
        holder.execute("SELECT FROM public.tenants WHERE schema_name = %s FOR UPDATE", [schema])
        yield
        holder.rollback()


def assert_marked_as_run(place: Place) -> None:
    """Assert that what is marked done has run, and what has run is marked done; others make tenants meanwhile."""
    with psycopg.connect(place.owner_url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        reached = connection.execute("SELECT schema_name, schema_version FROM public.tenants").fetchall()
        columns = connection.execute(
            "SELECT n.nspname::text, right(a.attname, 4) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
            " JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relname = 'companies' AND c.relkind = 'r' AND a.attname LIKE 'probe%' AND NOT a.attisdropped"
        ).fetchall()
    ran = {(schema, str(step)) for schema, revision in reached if revision > head("tenant")
           for step in range(9001, int(revision) + 1)}  # fmt: skip
    assert set(columns) == ran


def done(place: Place, newest: str) -> int:
    states = tenant_states(place.owner_url)
    assert [state.error for state in states if state.error] == []
    return sum(state.revision == newest for state in states)


def revisions(place: Place) -> dict[str, str]:
    return {state.schema: state.revision for state in tenant_states(place.owner_url)}


def wait_for_quiet(owner_url: str) -> None:
    """Wait until the database has noticed that the killed process is gone."""
    with psycopg.connect(owner_url, autocommit=True) as connection:
        for _ in range(1_500):
            left = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s", [RUNNER]
            ).fetchone()
            if left == (0,):
                return
            time.sleep(0.02)
    raise AssertionError("a killed process's connection lives on")
