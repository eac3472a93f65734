"""`kill -9` of database, web worker and job worker under load: nothing acknowledged is lost, nothing is half made.

Whole: each is killed twenty times (`tests.support.proofs`); so is the migration runner, in `test_killed_halfway`.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import policy
from email.parser import BytesParser
from typing import Any

import pytest

from saas_crm.core.mail import Letter, send
from tenants.db import db, tenant_scope
from tests.fault.conftest import Doomed, _children
from tests.fault.loading import half_made, loaded, lost
from tests.support.installation import Place
from tests.support.proofs import sized
from tests.support.server import CHECKOUT, environment_of, live_server
from tests.support.tally import tally

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="finds the processes in /proc"),
    pytest.mark.timeout(sized(240, 3_600)),
]
KILLS = sized(1, 20)
RELUCTANT = {"synchronous_commit": "off", "wal_writer_delay": "10s", "wal_writer_flush_after": "1GB"}
"""Acknowledge before it is written, and take time with the writing."""
_OLD = "UPDATE jobs.procrastinate_workers SET last_heartbeat = last_heartbeat - interval '5 minutes'"
_RESCUE = """SELECT procrastinate_defer_jobs_v1(ARRAY[ROW(
    'default', 'jobs.rescue', 0, NULL, NULL, '{"timestamp": 0}', NULL)::procrastinate_job_to_defer_v1])"""
_LEFT = (
    "SELECT task_name, status::text, count(*) FROM jobs.procrastinate_jobs WHERE task_name = 'mail.send' GROUP BY 1, 2"
)


@contextmanager
def served(doomed: Doomed) -> Iterator[tuple[str, int]]:
    """Real web processes before the installation; yields where they listen and the first one's number."""
    settings = doomed.app.extensions["settings"].model_copy(update={"trusted_proxies": 1})
    with live_server(settings, doomed.folder, workers=2, threads=4) as server:
        yield server.url, server.pid


def test_database_killed(doomed: Callable[..., Doomed]) -> None:
    installation = doomed()
    with served(installation) as (url, _), loaded(installation, url) as load:
        for _ in range(KILLS):
            load.more(random.randint(5, 40))
            installation.crash()
            installation.start_again()
            assert lost(load) == set()
        load.more()
    assert (lost(load), half_made(load), load.wrong) == (set(), [], [])
    tally(f"database killed: {KILLS} times, {load.refused} requests refused, {len(load.founded)} sign-ups; writes kept",
          len(load.promised))  # fmt: skip


def test_with_a_database_that_promises_too_much_losses_are_seen(doomed: Callable[..., Doomed]) -> None:
    """The same where the server acknowledges before it has written."""
    installation, gone = doomed(**RELUCTANT), 0
    with served(installation) as (url, _), loaded(installation, url, sign_ups=False) as load:
        for _ in range(sized(1, 5)):
            load.more(40)
            installation.crash()
            installation.start_again()
            gone += len(found := lost(load))
            load.promised -= found
    assert gone > 0
    tally(f"database killed with synchronous_commit=off: of {len(load.promised) + gone} writes lost", gone)


def test_web_worker_killed(doomed: Callable[..., Doomed]) -> None:
    installation = doomed()
    with served(installation) as (url, server), loaded(installation, url) as load:
        for _ in range(KILLS):
            load.more(random.randint(5, 40))
            victims = _children(server)
            assert victims
            os.kill(random.choice(victims), signal.SIGKILL)
        load.more()
    assert (lost(load), half_made(load), load.wrong) == (set(), [], [])
    tally(f"web worker killed: {KILLS} times, {load.refused} requests refused, {len(load.founded)} sign-ups;"
          " writes kept", len(load.promised))  # fmt: skip


def test_job_worker_killed(doomed: Callable[..., Doomed]) -> None:
    """Every mail that was promised leaves, at least once, however often the worker dies with it in its hands."""
    installation, promised = doomed(), set()
    for _ in range(KILLS):
        for _ in range(random.randint(20, 40)):
            address = f"p{len(promised)}@mail.example"
            with installation.app.app_context(), tenant_scope(installation.tenant):
                send(db.session(), Letter(address, f"Promise {len(promised)}", ["The whole of it, to the end."]))
                db.session.commit()
            promised.add(address)
        worker = _worker(installation)
        before = len(_arrived(installation))
        _until(lambda b=before: len(_arrived(installation)) > b + random.randint(1, 10), worker)  # type: ignore[misc]
        worker.kill()
        worker.wait()
    _time_passes(installation.place)
    worker = _worker(installation)
    try:
        _until(lambda: not _left(installation.place), worker)
    finally:
        worker.kill()
        worker.wait()
    assert {mail for mail, whole in _arrived(installation) if whole} == promised
    again = len(_arrived(installation)) - len(promised)
    tally(f"job worker killed: {KILLS} times; {again} mails sent again; mails kept", len(promised))


def _worker(doomed: Doomed) -> subprocess.Popen[bytes]:
    settings = doomed.app.extensions["settings"]
    with (doomed.folder / "worker.log").open("ab") as log:
        return subprocess.Popen([sys.executable, "-m", "saas_crm.cli", "worker"], cwd=CHECKOUT,
                                env=environment_of(settings), stdout=log, stderr=log)  # fmt: skip


def _until(holds: Callable[[], bool], worker: subprocess.Popen[bytes]) -> None:
    for _ in range(6_000):
        assert worker.poll() is None
        if holds():
            return
        time.sleep(0.02)
    raise AssertionError("the worker does not get on")


def _time_passes(place: Place) -> None:
    """The killed workers' last signs of life are minutes ago, and what looks for such is due."""
    with place.owner() as connection:
        connection.execute(_OLD)
        connection.execute("SET search_path = jobs, pg_catalog")
        connection.execute(_RESCUE)


def _left(place: Place) -> list[Any]:
    with place.owner() as connection:
        return connection.execute(_LEFT).fetchall()


def _arrived(doomed: Doomed) -> list[tuple[str, bool]]:
    """Return to whom mails went, and whether each is whole."""
    found = []
    for file in (doomed.folder / "mail").glob("*.eml"):
        mail = BytesParser(policy=policy.default).parsebytes(file.read_bytes())
        plain = mail.get_body(("plain",))
        if str(mail["To"]).endswith("@mail.example"):
            found.append((str(mail["To"]), plain is not None and "to the end." in str(plain.get_content())))
    return found
