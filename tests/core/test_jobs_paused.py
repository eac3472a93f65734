"""Jobs of a workspace that is read-only or closed: put aside once, and done soon after it is open again."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import Engine, event

from saas_crm.core.jobs import PAUSED, defer, job, registry
from saas_crm.worker import put_off
from saas_crm.workspaces import standing
from saas_crm.workspaces.deleting import delete_workspace
from saas_crm.workspaces.restoring import Restored, restore_as, restore_in_place
from saas_crm.workspaces.saving import save
from tenants.context import current_tenant
from tenants.db import db, tenant_scope
from tenants.standing import CLOSED, DELETION, OPERATOR, READ_ONLY, Kind, Suspension
from tests.cli.conftest import CHECKOUT
from tests.support.cast import Cast
from tests.support.installation import Installation
from tests.support.mailbox import work_off
from tests.support.server import environment_of

ran: list[str] = []
_JOBS = (
    "SELECT task_name, queue_name, status::text, attempts, queueing_lock, scheduled_at, args - 'tenant_id'"
    " FROM jobs.procrastinate_jobs WHERE task_name ~ '^probe' ORDER BY id"
)
MANY = 30


@pytest.fixture(autouse=True)
def probes() -> Iterator[None]:
    """Jobs that only these tests have."""
    before = dict(registry)
    ran.clear()

    @job("probe.change")
    def change(word: str) -> None:
        ran.append(f"{current_tenant().slug} {word}")

    @job("probe.read", reads_only=True)
    def read(word: str) -> None:
        ran.append(f"{current_tenant().slug} reads {word}")

    yield
    registry.clear()
    registry.update(before)


@pytest.fixture
def owner(installation: Installation) -> Iterator[psycopg.Connection[Any]]:
    with installation.place.owner() as connection:
        yield connection


def suspend(installation: Installation, kind: Kind = CLOSED, slug: str = "acme") -> None:
    standing.suspend(installation.settings.database_url, slug, Suspension(OPERATOR, kind, "unpaid"))


def resume(installation: Installation) -> None:
    standing.lift(installation.settings.database_url, "acme", OPERATOR)


def ask(app: Flask, cast: Cast, slug: str, word: str, name: str = "probe.change", **options: Any) -> None:
    with app.app_context(), tenant_scope(cast.tenants[slug]):
        defer(db.session(), name, word=word, **options)
        db.session.commit()


def test_a_job_is_put_aside_once_and_done_when_the_workspace_is_open(
    app: Flask, cast: Cast, installation: Installation, owner: psycopg.Connection[Any]
) -> None:
    ask(app, cast, "acme", "first", queueing_lock="once")
    suspend(installation, READ_ONLY)
    work_off(app, installation.settings)
    kept = owner.execute(_JOBS).fetchall()
    assert kept == [("probe.change", PAUSED, "todo", 0, "once", None, {"word": "first"})], "no try is used up"
    before = owner.execute("SELECT id, xmin::text FROM jobs.procrastinate_jobs WHERE queue_name = 'paused'").fetchall()
    ask(app, cast, "acme", "again", queueing_lock="once")
    for _ in range(3):
        work_off(app, installation.settings)
    after = owner.execute("SELECT id, xmin::text FROM jobs.procrastinate_jobs WHERE queue_name = 'paused'").fetchall()
    assert after == before, "nobody touches it meanwhile, and of what waits once one waits"
    assert ran == []
    resume(installation)
    work_off(app, installation.settings)
    assert ran == ["acme first"]
    assert owner.execute(_JOBS).fetchall() == []


def test_who_is_open_and_what_only_reads_do_not_wait_behind_it(
    app: Flask, cast: Cast, installation: Installation
) -> None:
    for number in range(MANY):
        ask(app, cast, "acme", str(number))
    suspend(installation)
    work_off(app, installation.settings)
    ask(app, cast, "acme", "this", "probe.read")
    ask(app, cast, "other", "that")
    work_off(app, installation.settings)
    assert sorted(ran) == ["acme reads this", "other that"]
    resume(installation)
    work_off(app, installation.settings)
    assert sorted(ran[2:]) == sorted(f"acme {number}" for number in range(MANY)), "none is lost, none comes twice"


def test_what_stays_closed_for_another_cause_goes_on_waiting(
    app: Flask, cast: Cast, installation: Installation
) -> None:
    url = installation.settings.database_url
    ask(app, cast, "acme", "late")
    suspend(installation)
    standing.suspend(url, "acme", Suspension(DELETION, READ_ONLY))
    work_off(app, installation.settings)
    resume(installation)
    work_off(app, installation.settings)
    assert ran == []
    standing.lift(url, "acme", DELETION)
    work_off(app, installation.settings)
    assert ran == ["acme late"]


def test_it_outlives_a_restore_in_place_which_gives_the_workspace_another_role(
    app: Flask, cast: Cast, installation: Installation, owner: psycopg.Connection[Any], tmp_path: Path
) -> None:
    settings = installation.settings
    save(settings.database_url, "acme", tmp_path / "acme.zip")
    ask(app, cast, "acme", "kept")
    suspend(installation)
    work_off(app, settings)
    restore_in_place(settings.owner_url, settings.database_url, tmp_path / "acme.zip", "acme", pause=lambda _: None)
    work_off(app, settings)
    assert ran == [], "the operator's word still holds"
    resume(installation)
    app.extensions["directory"].forget()
    work_off(app, settings)
    assert ran == ["acme kept"]
    assert owner.execute(_JOBS).fetchall() == []


def test_one_that_is_put_aside_just_as_its_workspace_gets_another_role_stays_with_it(
    app: Flask, cast: Cast, installation: Installation, owner: psycopg.Connection[Any], tmp_path: Path
) -> None:
    """The role it was looked up with is the former data's by then, which is never open again."""
    settings, tenant_id = installation.settings, cast.tenants["acme"].id
    swapped: list[Restored] = []
    save(settings.database_url, "acme", tmp_path / "acme.zip")
    suspend(installation)

    def swap(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if "defer_job" in statement and not swapped:
            swapped.append(restore_in_place(
                settings.owner_url, settings.database_url, tmp_path / "acme.zip", "acme", pause=lambda _: None
            ))  # fmt: skip

    event.listen(Engine, "before_cursor_execute", swap)
    try:
        put_off(app, registry["probe.change"], {"tenant_id": str(tenant_id), "word": "kept"}, None, wait=None)
    finally:
        event.remove(Engine, "before_cursor_execute", swap)
    assert swapped
    whose = "SELECT args ->> 'tenant_id', queue_name FROM jobs.procrastinate_jobs WHERE task_name = 'probe.change'"
    assert owner.execute(whose).fetchall() == [(str(tenant_id), PAUSED)]
    resume(installation)
    work_off(app, settings)
    assert ran == ["acme kept"]


def test_it_goes_with_its_workspace(
    app: Flask, installation: Installation, owner: psycopg.Connection[Any], tmp_path: Path
) -> None:
    settings = installation.settings
    save(settings.database_url, "acme", tmp_path / "acme.zip")
    restore_as(settings.owner_url, settings.database_url, tmp_path / "acme.zip", "copy")
    with app.app_context(), tenant_scope(app.extensions["directory"].by_slug("copy")):
        defer(db.session(), "probe.change", word="never")
        db.session.commit()
    suspend(installation, slug="copy")
    work_off(app, settings)
    assert [row[1] for row in owner.execute(_JOBS)] == [PAUSED]
    delete_workspace(settings.owner_url, "copy")
    work_off(app, settings)
    assert owner.execute(_JOBS).fetchall() == []
    assert ran == []


def test_while_all_that_waits_is_put_aside_the_worker_has_nothing_to_do(
    app: Flask, cast: Cast, installation: Installation, owner: psycopg.Connection[Any]
) -> None:
    """It ends when it is told to go on until nothing is left: else it would look each second for ever."""
    ask(app, cast, "acme", "one")
    suspend(installation)
    work_off(app, installation.settings)
    work_off(app, installation.settings)
    assert owner.execute("SELECT count(*) FROM jobs.procrastinate_jobs WHERE status = 'doing'").fetchone() == (0,)
    assert ran == []


def test_a_worker_that_runs_goes_on_by_itself(
    app: Flask, cast: Cast, installation: Installation, owner: psycopg.Connection[Any], tmp_path: Path
) -> None:
    suspend(installation)
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        defer(db.session(), "idempotency.forget")
        db.session.commit()
    there = (
        "SELECT queue_name FROM jobs.procrastinate_jobs WHERE task_name = 'idempotency.forget' AND status <> 'failed'"
    )
    with (tmp_path / "worker.log").open("wb") as output:
        worker = subprocess.Popen(
            [sys.executable, "-m", "saas_crm.cli", "worker"],
            cwd=CHECKOUT, env=environment_of(installation.settings), stdout=output, stderr=output,
        )  # fmt: skip
    try:
        while owner.execute(there).fetchall() != [(PAUSED,)]:
            assert worker.poll() is None, (tmp_path / "worker.log").read_text()
            time.sleep(0.1)
        resume(installation)
        while owner.execute(there).fetchall():
            assert worker.poll() is None, (tmp_path / "worker.log").read_text()
            time.sleep(0.1)
        assert owner.execute("SELECT task_name FROM jobs.procrastinate_jobs WHERE status = 'failed'").fetchall() == []
    finally:
        worker.terminate()
        worker.wait(60)
