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
from collections.abc import Callable
from email import policy
from email.parser import BytesParser
from typing import Any

import pytest

from saas_crm.core.mail import Letter, send
from tenants.db import db, tenant_scope
from tests.fault.conftest import Doomed, _children
from tests.fault.loading import half_made, loaded, lost, served
from tests.support.installation import Place
from tests.support.proofs import sized
from tests.support.server import CHECKOUT, environment_of
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
    """Every mail that was promised leaves, at least once, however often the worker dies with it in its hands.

    It makes the spares, too, while companies sign up and people write: none of that is there by half.
    """
    installation, promised = doomed(), set[str]()
    with served(installation) as (url, _), loaded(installation, url, stocked=False) as load:
        for _ in range(KILLS):
            promised |= _promises(installation, len(promised))
            worker = _worker(installation)
            before, founded = len(_arrived(installation)), len(load.founded)
            _until(lambda b=before: len(_arrived(installation)) > b + random.randint(1, 10), worker)  # type: ignore[misc]
            _until(lambda f=founded: len(load.founded) > f, worker)  # type: ignore[misc]
            worker.kill()
            worker.wait()
            assert lost(load) == set()
            assert half_made(load) == []
        load.more()
    _time_passes(installation.place)
    worker = _worker(installation)
    try:
        _until(lambda: not _left(installation.place), worker)
    finally:
        worker.kill()
        worker.wait()
    assert {mail for mail, whole in _arrived(installation) if whole} == promised
    assert (lost(load), half_made(load), load.wrong) == (set(), [], [])
    again = len(_arrived(installation)) - len(promised)
    tally(f"job worker killed: {KILLS} times, {len(load.founded)} sign-ups, {len(load.promised)} writes kept;"
          f" {again} mails sent again; mails kept", len(promised))  # fmt: skip


def _promises(installation: Doomed, first: int) -> set[str]:
    """Promise some mails; returns to whom."""
    made = set()
    for number in range(first, first + random.randint(20, 40)):
        address = f"p{number}@mail.example"
        with installation.app.app_context(), tenant_scope(installation.tenant):
            send(db.session(), Letter(address, f"Promise {number}", ["The whole of it, to the end."]))
            db.session.commit()
        made.add(address)
    return made


def _worker(doomed: Doomed) -> subprocess.Popen[bytes]:
    # It gives way to who is waiting (`worker_niceness`), and who writes here never ends.
    settings = doomed.app.extensions["settings"].model_copy(update={"worker_niceness": 0})
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
