"""`kill -9` of the database under load: what was acknowledged is there afterwards."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from uuid import UUID

import pytest

from tenants.db import new_id
from tests.fault.conftest import Doomed
from tests.support.clients import browser_of, phone_of
from tests.support.server import CHECKOUT, environment_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds the server's processes in /proc")
SECONDS_OF_LOAD = 1.5


def write_until_it_dies(doomed: Doomed, threads: int = 4) -> set[UUID]:
    """Make companies through the API from several threads, kill the server; return what it acknowledged."""
    acknowledged: set[UUID] = set()
    stop = threading.Event()

    def write() -> None:
        phone = phone_of(doomed.app, doomed.owner)
        while not stop.is_set():
            company_id = new_id()
            answer = phone.post("/companies", json={"id": str(company_id), "name": f"Kept {company_id}"})
            if answer.status_code == 201:
                acknowledged.add(company_id)
            else:
                assert answer.status_code == 503, answer.text
                time.sleep(0.01)

    workers = [threading.Thread(target=write) for _ in range(threads)]
    for worker in workers:
        worker.start()
    time.sleep(SECONDS_OF_LOAD)
    doomed.crash()
    time.sleep(0.1)
    stop.set()
    for worker in workers:
        worker.join()
    assert len(acknowledged) > 10
    return acknowledged


def stored(doomed: Doomed) -> set[UUID]:
    with doomed.place.owner() as connection:
        rows = connection.execute(f"SELECT id FROM {doomed.tenant.schema_name}.companies").fetchall()
        return {row[0] for row in rows}


def test_no_acknowledged_write_is_lost(doomed: Callable[..., Doomed]) -> None:
    installation = doomed()
    promised: set[UUID] = set()
    for _ in range(2):
        promised |= write_until_it_dies(installation)
        installation.start_again()
        assert promised - stored(installation) == set()
    with installation.place.owner() as connection:
        schema = installation.tenant.schema_name
        unaudited = connection.execute(
            f"SELECT count(*) FROM {schema}.companies c WHERE NOT EXISTS (SELECT FROM {schema}.audit_log a"
            " WHERE a.record_id = c.id AND a.action = 'create')"
        ).fetchone()
    assert unaudited == (0,), "a change and its audit row are one"


def test_the_test_sees_a_loss(doomed: Callable[..., Doomed]) -> None:
    """The same with a server that acknowledges before it has written: some of what it promised is gone."""
    installation = doomed(synchronous_commit="off", wal_writer_delay="10s", wal_writer_flush_after="1GB")
    promised = write_until_it_dies(installation)
    installation.start_again()
    assert promised - stored(installation) != set()


def test_without_its_database_it_says_so_and_recovers_by_itself(doomed: Callable[..., Doomed]) -> None:
    installation = doomed()
    app, owner = installation.app, installation.owner
    browser, phone = browser_of(app, owner), phone_of(app, owner)
    assert browser.get("/doomed/companies").status_code == 200
    installation.crash()
    for _ in range(2):
        page, answer = browser.get("/doomed/companies"), phone.get("/companies")
        assert (page.status_code, answer.status_code) == (503, 503)
        assert "<html" in page.text
        assert answer.content_type == "application/problem+json"
        assert "psycopg" not in page.text + answer.text
    assert browser.get("/healthz").status_code == 200
    ready = browser.get("/readyz")
    assert ready.status_code == 503
    assert ready.json["checks"]["database"]["ok"] is False
    assert browser.post("/signin", data={"email": "a@b.example", "password": "x" * 12}).status_code == 503
    installation.start_again()
    statuses = [browser.get("/doomed/companies").status_code for _ in range(4)]
    assert statuses[-2:] == [200, 200], statuses
    assert phone.get("/companies").status_code == 200


def test_a_worker_without_its_database_ends_and_says_why(doomed: Callable[..., Doomed]) -> None:
    """It does not linger: who started it starts it again, and one that was told to stop is not waited for."""
    place = doomed()
    settings = place.app.extensions["settings"]
    log = place.folder / "worker.log"
    with log.open("wb") as output:
        worker = subprocess.Popen(
            [sys.executable, "-m", "saas_crm.cli", "worker"],
            cwd=CHECKOUT, env=environment_of(settings), stdout=output, stderr=output,
        )  # fmt: skip
    try:
        with place.place.owner() as connection:
            while connection.execute("SELECT public.worker_seen_at()").fetchone() == (None,):
                assert worker.poll() is None, log.read_text()
                time.sleep(0.1)
        place.crash()
        assert worker.wait(60) == 1
    finally:
        worker.kill()
        worker.wait()
    assert "Error: The database does not answer" in log.read_text()
