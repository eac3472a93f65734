"""What the application does while its database is gone; what is kept then is in `test_kills`."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from tests.fault.conftest import Doomed
from tests.support.clients import browser_of, phone_of
from tests.support.server import CHECKOUT, environment_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds the server's processes in /proc")


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
