"""One workspace's import beside another's board: what the neighbours notice of it.

The importing one sends new records by several connections as fast as it is answered, with the limits that the product
ships with, and has thousands of jobs waiting; a worker runs. The other one's board is driven alone and beside that, in
turn, since the machine's speed drifts.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from psycopg import sql

from infra.bench.driving import WARM_UP, Sample, Target, measure
from infra.bench.plan import Plan
from infra.bench.results import Figures, Verdict, summed_up
from infra.bench.scenarios import Workspace, scenarios, spread, staff_of
from infra.bench.servers import HOST, Server, environment_of
from infra.bench.workspaces import LARGE, OWNER
from tenants.migrate import connect
from tenants.settings import Settings

IMPORTING = "small-000"
READERS, IMPORTERS, JOBS = 2, 4, 5_000
NOTICED = 2.0
"""How much slower a board may get beside a neighbour's import: half of two cores, as between two equals."""
_DEFER = """
    SELECT count(public.defer_job('recycle_bin.purge', '{}', current_setting('role'), NULL, NULL, NULL))
    FROM generate_series(1, %s)
"""
_WAITING = "SELECT count(*) FROM jobs.procrastinate_jobs WHERE queue_name = %s"


def shipped(settings: Settings) -> Settings:
    """Return the settings with the limits that hold where nobody says otherwise."""
    return settings.model_copy(
        update={"api_requests_per_minute": Settings.model_fields["api_requests_per_minute"].default}
    )


def fairness(server: Server, settings: Settings, plan: Plan, folder: Path, postmaster: int) -> list[Verdict]:
    """Return how much slower the board gets, and how long another's job waits behind the importer's."""
    neighbour = Workspace(server.port, LARGE, settings.owner_url, staff_of(LARGE))
    importer = Workspace(server.port, IMPORTING, settings.owner_url, [OWNER])
    [board] = [each for each in scenarios(neighbour) if each.name == "board"]
    target = Target("board", server, board.build)
    samples: dict[str, list[Sample]] = {"alone": [], "beside": []}
    with working(settings, folder):
        waited = _jobs_wait(settings, importer, neighbour)
        for _ in range(max(plan.rounds, 3)):
            samples["alone"].append(measure(target, READERS, plan.seconds, postmaster))
            _defer(settings, importer, JOBS // 10)
            with _importing(server, importer, plan.seconds + 2 * WARM_UP + 1.5):
                samples["beside"].append(measure(target, READERS, plan.seconds, postmaster))
        _forget_jobs(settings, importer)
    alone, beside = summed_up(samples["alone"]), summed_up(samples["beside"])
    return [_slower("p95", beside.p95 / alone.p95, alone, beside),
            _slower("requests/s", alone.per_second / beside.per_second, alone, beside), waited]  # fmt: skip


def _slower(what: str, times: float, alone: Figures, beside: Figures) -> Verdict:
    note = f"{alone.per_second:.0f} → {beside.per_second:.0f} requests/s, p95 {alone.p95:.1f} → {beside.p95:.1f} ms"
    return Verdict(f"board, {what}: slower beside another workspace's import", round(times, 2), NOTICED, "×", note=note)


@contextlib.contextmanager
def working(settings: Settings, folder: Path) -> Iterator[None]:
    """Run a worker."""
    with (folder / "worker.log").open("ab") as log:
        worker = subprocess.Popen(
            [sys.executable, "-m", "saas_crm.cli", "worker"], env=environment_of(settings, 0), stdout=log, stderr=log
        )
    try:
        yield
    finally:
        worker.terminate()
        worker.wait(40)


@contextlib.contextmanager
def _importing(server: Server, workspace: Workspace, seconds: float) -> Iterator[None]:
    """Send new records all the while; what the limits refuse is sent again at once."""
    body = {"name": "Imported %NNNNNNNNN%", "amount": {"amount": "1250.00", "currency": "EUR"}}
    one = workspace.api(workspace.actors[0], "POST", "/opportunities", [body], right=201)
    requests = [{**one, "right": [201, 429, 503]}]
    job = {"host": HOST, "port": server.port, "seconds": seconds, "warm_up": 0,
           "connections": spread(IMPORTERS, requests)}  # fmt: skip
    load = subprocess.Popen([sys.executable, "-m", "infra.bench.load"], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, text=True)  # fmt: skip
    assert load.stdin is not None
    load.stdin.write(json.dumps(job))
    load.stdin.close()
    load.stdin = None
    time.sleep(0.5)
    try:
        yield
    finally:
        found: dict[str, Any] = json.loads(load.communicate(timeout=60)[0])
    if found["wrong"]:
        raise SystemExit(f"the import got wrong answers: {found['wrong']}")


def _role(connection: Any, slug: str) -> str:
    return str(connection.execute("SELECT role_name FROM public.tenants WHERE slug = %s", [slug]).fetchone()[0])


def _defer(settings: Settings, workspace: Workspace, jobs: int) -> None:
    with connect(settings.owner_url) as connection, connection.transaction():
        role = sql.Identifier(_role(connection, workspace.slug))
        connection.execute(sql.SQL("SET LOCAL ROLE {}").format(role))
        connection.execute(_DEFER, [jobs])


def _forget_jobs(settings: Settings, workspace: Workspace) -> None:
    with connect(settings.owner_url) as connection:
        role = _role(connection, workspace.slug)
        connection.execute("SET search_path = jobs, pg_catalog")
        connection.execute("DELETE FROM procrastinate_jobs WHERE queue_name = %s AND status = 'todo'", [role])


def _jobs_wait(settings: Settings, importer: Workspace, neighbour: Workspace) -> Verdict:
    """Measure how long one job waits behind thousands of another workspace's."""
    _forget_jobs(settings, importer)
    _defer(settings, importer, JOBS)
    _defer(settings, neighbour, 1)
    began = time.monotonic()
    with connect(settings.owner_url) as connection:
        here, there = _role(connection, neighbour.slug), _role(connection, importer.slug)
        while connection.execute(_WAITING, [here]).fetchone() != (0,) and time.monotonic() < began + 120:
            time.sleep(0.05)
        seconds = time.monotonic() - began
        left = (connection.execute(_WAITING, [there]).fetchone() or (0,))[0]
    note = f"after {seconds:.1f} s, the worker's start included"
    return Verdict(f"jobs done of {JOBS:,} before another workspace's first", JOBS - left, JOBS / 50, "jobs", note=note)
