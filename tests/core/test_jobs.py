"""Jobs: deferred with the change that caused them, run for the tenant that deferred them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from saas_crm.core import audit
from saas_crm.core.jobs import Job, defer, job, registry
from saas_crm.core.mail import Letter, send
from saas_crm.customers.models import Company
from saas_crm.worker import execute
from tenants.context import tenant_or_none
from tenants.db import SHARED, db, tenant_scope
from tests.support.cast import Cast
from tests.support.installation import Installation
from tests.support.mailbox import queued, run_jobs, work_off

ran: list[tuple[str, Any]] = []


@pytest.fixture(autouse=True)
def probes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Jobs that only tests have."""
    monkeypatch.setattr("saas_crm.core.jobs.registry", registry)
    before = dict(registry)
    ran.clear()

    @job("probe.note")
    def note(word: str) -> None:
        tenant = tenant_or_none()
        role = db.session.scalar(select(func.current_user())) if tenant else None
        ran.append((word, (tenant.slug if tenant else None, role)))

    @job("probe.write")
    def write(called: str) -> None:
        db.session.add(Company(name=called, sort_name=called.lower(), name_key=called.lower()))

    @job("probe.refuse")
    def refuse(word: str) -> None:
        raise RuntimeError("on purpose")

    @job("probe.fail", retries=2)
    def fail() -> None:
        db.session.add(Company(name="half", sort_name="half", name_key="half"))
        db.session.flush()
        raise RuntimeError("on purpose")

    yield
    registry.clear()
    registry.update(before)


def in_tenant(app: Flask, cast: Cast, slug: str, act: Callable[[], None], *, commit: bool = True) -> None:
    with app.app_context(), tenant_scope(cast.tenants[slug]):
        act()
        if commit:
            db.session.commit()


def test_a_rollback_leaves_no_job(app: Flask, cast: Cast, installation: Installation) -> None:
    letter = Letter("ann@x.example", "Hello", ["…"])
    in_tenant(app, cast, "acme", lambda: send(db.session(), letter), commit=False)
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        defer(db.session(), "probe.note", word="lost")
        db.session.rollback()
    with app.app_context(), db.engines[SHARED].connect() as connection:
        defer(connection, "probe.note", word="lost, too")
        connection.rollback()
    assert queued(installation) == []


def test_the_tenant_is_the_one_that_speaks_and_no_argument(app: Flask, cast: Cast, installation: Installation) -> None:
    """Whoever forges a tenant into the arguments is overruled by the role the transaction has."""
    forged = str(cast.tenants["other"].id)
    in_tenant(app, cast, "acme", lambda: defer(db.session(), "probe.note", word="x", tenant_id=forged))
    [(_, args)] = queued(installation)
    assert args["tenant_id"] == str(cast.tenants["acme"].id)
    with app.app_context(), db.engines[SHARED].begin() as connection:
        defer(connection, "probe.note", word="outside", tenant_id=forged)
    assert queued(installation)[1][1]["tenant_id"] is None


def test_a_role_that_is_no_tenants_defers_nothing(app: Flask, installation: Installation) -> None:
    with installation.place.owner() as connection:
        connection.execute("CREATE ROLE t_stray NOLOGIN; GRANT t_stray TO crm_app")
    try:
        with installation.place.runtime() as connection, pytest.raises(Exception, match="no tenant has the role"):
            connection.execute(
                "BEGIN; SET LOCAL ROLE t_stray; SELECT public.defer_job('mail.send', '{}', 'default', NULL, NULL, NULL)"
            )
    finally:
        with installation.place.owner() as connection:
            connection.execute("DROP ROLE t_stray")


def test_it_runs_as_the_tenant_that_deferred_it(app: Flask, cast: Cast, installation: Installation) -> None:
    for slug in ("acme", "other", "acme"):
        in_tenant(app, cast, slug, lambda slug=slug: defer(db.session(), "probe.note", word=slug))
    with app.app_context(), db.engines[SHARED].begin() as connection:
        defer(connection, "probe.note", word="nobody")
    run_jobs(installation)
    roles = {slug: tenant.role_name for slug, tenant in cast.tenants.items()}
    assert ran == [
        ("acme", ("acme", roles["acme"])), ("other", ("other", roles["other"])), ("acme", ("acme", roles["acme"])),
        ("nobody", (None, None)),
    ]  # fmt: skip


def test_what_it_writes_goes_to_its_tenant_alone_and_is_audited(
    app: Flask, cast: Cast, installation: Installation
) -> None:
    in_tenant(app, cast, "acme", lambda: defer(db.session(), "probe.write", called="By a job"))
    run_jobs(installation)
    for slug, expected in (("acme", ["By a job"]), ("other", [])):
        with app.app_context(), tenant_scope(cast.tenants[slug]):
            assert db.session.scalars(select(Company.name)).all() == expected
            query = select(audit.AuditEntry.through).where(audit.AuditEntry.resource == "company")
            assert db.session.scalars(query).all() == ["job"] * len(expected)


def test_a_failing_job_leaves_nothing_and_the_next_one_starts_clean(app: Flask, cast: Cast) -> None:
    acme = str(cast.tenants["acme"].id)
    with pytest.raises(RuntimeError, match="on purpose"):
        execute(app, registry["probe.fail"], {"tenant_id": acme})
    assert tenant_or_none() is None
    execute(app, registry["probe.note"], {"tenant_id": None, "word": "after"})
    assert ran == [("after", (None, None))]
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        assert db.session.scalars(select(Company.name)).all() == []


def test_a_tenant_that_is_gone_has_no_more_work(app: Flask) -> None:
    execute(app, registry["probe.note"], {"tenant_id": str(uuid4()), "word": "never"})
    assert ran == []


def test_one_waiting_job_is_enough(app: Flask, cast: Cast, installation: Installation) -> None:
    for _ in range(3):
        in_tenant(app, cast, "acme", lambda: defer(db.session(), "probe.note", queueing_lock="same", word="once"))
    assert len(queued(installation)) == 1
    in_tenant(app, cast, "acme", lambda: defer(db.session(), "probe.note", queueing_lock="another", word="two"))
    assert len(queued(installation)) == 2


def test_an_unknown_job_is_refused_at_once(app: Flask, cast: Cast) -> None:
    with app.app_context(), tenant_scope(cast.tenants["acme"]), pytest.raises(KeyError):
        defer(db.session(), "no.such.job")


def test_a_tenant_reads_no_jobs(app: Flask, cast: Cast) -> None:
    with app.app_context(), tenant_scope(cast.tenants["acme"]), pytest.raises(Exception, match="permission denied"):
        db.session.execute(text("SELECT args FROM jobs.procrastinate_jobs"))


def test_the_worker_itself_runs_them(app: Flask, cast: Cast, installation: Installation) -> None:
    """The real worker, until nothing is left: right tenants, jobs that succeeded are gone, failures are tried again."""
    for slug in ("acme", "other"):
        in_tenant(app, cast, slug, lambda slug=slug: defer(db.session(), "probe.note", word=slug))
    in_tenant(app, cast, "acme", lambda: defer(db.session(), "probe.fail"))
    work_off(app, installation.settings)
    assert sorted(word for word, _ in ran) == ["acme", "other"]
    assert {where for _, (where, _) in ran} == {"acme", "other"}
    with installation.place.owner() as connection:
        left = connection.execute(
            "SELECT task_name, status::text, attempts FROM jobs.procrastinate_jobs WHERE task_name LIKE 'probe.%'"
        ).fetchall()
    assert left == [("probe.fail", "todo", 1)], "it waits for its second try"


def test_the_worker_logs_no_arguments(
    app: Flask, cast: Cast, installation: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    """A mail's arguments are its reader and its words; they are in the queue, and nowhere else."""
    caplog.set_level("DEBUG")
    in_tenant(app, cast, "acme", lambda: defer(db.session(), "probe.note", word="confidential"))
    in_tenant(app, cast, "acme", lambda: defer(db.session(), "probe.refuse", word="confidential"))
    work_off(app, installation.settings)
    said = [f"{record.name} {record.getMessage()} {record.__dict__}" for record in caplog.records]
    assert any("probe.note" in line for line in said)
    assert any("probe.refuse" in line for line in said)
    assert [line for line in said if "confidential" in line] == []


def test_every_job_has_a_name_of_its_own_and_periodic_ones_a_schedule() -> None:
    found = [entry for name, entry in registry.items() if not name.startswith("probe.")]
    assert {"mail.send", "tenants.make_spares", "idempotency.forget", "recycle_bin.purge"} <= {e.name for e in found}
    assert all(isinstance(entry, Job) for entry in found)
    assert {entry.name for entry in found if entry.cron} >= {"tenants.make_spares", "tenants.daily_round"}
