"""The worker serves workspaces in turn: who has much to do does not keep the others waiting."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from saas_crm.core.jobs import AT_ONCE, SHARE, defer, job, registry
from saas_crm.worker import work
from tenants.context import tenant_or_none
from tenants.db import SHARED, db, tenant_scope
from tests.support.cast import Cast
from tests.support.installation import Installation
from tests.support.mailbox import work_off

MANY = 40
ran: list[str] = []
running: dict[str, int] = {}
most: dict[str, int] = {}
lock = threading.Lock()
here = threading.Condition(lock)


@pytest.fixture(autouse=True)
def probes() -> Iterator[None]:
    """Jobs that only tests have."""
    before = dict(registry)
    for kept in (ran, running, most):
        kept.clear()

    def begin(slug: str) -> None:
        ran.append(slug)
        running[slug] = running.get(slug, 0) + 1
        most[slug] = max(most.get(slug, 0), running[slug])

    @job("probe.turn")
    def turn() -> None:
        tenant = tenant_or_none()
        with lock:
            begin(tenant.slug if tenant else "nobody")
            running[ran[-1]] -= 1

    @job("probe.meet")
    def meet() -> None:
        """Last until somebody else's job has run: with none of them, a minute."""
        tenant = tenant_or_none()
        slug = tenant.slug if tenant else "nobody"
        with here:
            begin(slug)
            here.notify_all()
            here.wait_for(lambda: len(most) > 1, timeout=60)
            running[slug] -= 1

    @job("probe.again", retries=3)
    def again() -> None:
        """Fail the first time, and have been queued again by somebody else meanwhile."""
        with lock:
            begin("nobody")
            running["nobody"] -= 1
            first = ran.count("nobody") == 1
        if first:
            with db.engines[SHARED].begin() as connection:
                defer(connection, "probe.again", queueing_lock="probe.again")
            raise RuntimeError("on purpose")

    yield
    registry.clear()
    registry.update(before)


def deferred(app: Flask, cast: Cast, slug: str | None, times: int, name: str = "probe.turn") -> None:
    with app.app_context():
        if slug is None:
            with db.engines[SHARED].begin() as connection:
                for _ in range(times):
                    defer(connection, name)
            return
        with tenant_scope(cast.tenants[slug]):
            for _ in range(times):
                defer(db.session(), name)
            db.session.commit()


def test_the_second_workspace_comes_second(app: Flask, cast: Cast, installation: Installation) -> None:
    """Two jobs behind forty of somebody else's are the second and the fourth, and who has no workspace comes third."""
    deferred(app, cast, "acme", MANY)
    deferred(app, cast, "other", 2)
    deferred(app, cast, None, 1)
    with ThreadPoolExecutor(1) as pool:  # as `work_off` does it
        pool.submit(work, app, installation.settings, concurrency=1, wait=False).result(60)
    assert len(ran) == MANY + 3, "and all is done"
    assert sorted(ran[:3]) == ["acme", "nobody", "other"]
    assert sorted(ran[3:5]) == ["acme", "other"]
    assert set(ran[5:]) == {"acme"}


def test_nobody_fills_the_worker(app: Flask, cast: Cast, installation: Installation) -> None:
    """Every job of the one lasts until the other's has run, which is deferred only when the one has all it gets."""
    deferred(app, cast, "acme", MANY, "probe.meet")
    worker = threading.Thread(target=work_off, args=(app, installation.settings))
    worker.start()
    with here:
        assert here.wait_for(lambda: running.get("acme") == SHARE, timeout=60)
    deferred(app, cast, "other", 1, "probe.meet")
    worker.join(60)
    assert ran.index("other") == SHARE, "the next that begins is the other's"
    assert most == {"acme": SHARE, "other": 1}
    assert len(ran) == MANY + 1
    assert SHARE < AT_ONCE


def test_a_job_waits_in_its_workspaces_own_queue(app: Flask, cast: Cast, installation: Installation) -> None:
    deferred(app, cast, "acme", 1)
    deferred(app, cast, None, 1)
    with installation.place.owner() as connection:
        rows: list[Any] = connection.execute("SELECT queue_name FROM jobs.procrastinate_jobs ORDER BY id").fetchall()
    assert rows == [(cast.tenants["acme"].role_name,), ("default",)]


def test_what_waits_since_before_the_release_is_done(app: Flask, cast: Cast, installation: Installation) -> None:
    """The release before put everybody's jobs into one queue."""
    deferred(app, cast, "acme", 3)
    deferred(app, cast, "other", 3)
    with installation.place.owner() as connection:
        connection.execute("UPDATE jobs.procrastinate_jobs SET queue_name = 'default'")
    work_off(app, installation.settings)
    assert sorted(ran) == ["acme"] * 3 + ["other"] * 3


def test_one_that_failed_while_another_was_queued_ends(app: Flask, installation: Installation) -> None:
    """The other does its work; it is not left under way, where it would take its share for ever."""
    with app.app_context(), db.engines[SHARED].begin() as connection:
        defer(connection, "probe.again", queueing_lock="probe.again")
    work_off(app, installation.settings)
    assert ran == ["nobody", "nobody"]
    with installation.place.owner() as connection:
        left = "SELECT status::text FROM jobs.procrastinate_jobs WHERE task_name = 'probe.again'"
        assert connection.execute(left).fetchall() == []
