"""Founding a workspace: a spare is claimed in a moment, all or nothing, once for each slug."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.exc import DBAPIError

from saas_crm.access.founding import Founder, WorkspaceFounded, found_workspace
from saas_crm.access.models import Member, Role
from saas_crm.access.shared_models import Membership, User
from saas_crm.core import events
from saas_crm.opportunities.models import Stage
from tenants.context import ActiveTenant
from tenants.db import SHARED, db, tenant_scope
from tenants.migrate import tenant_states
from tenants.provisioning import NoSpareReady, SlugTaken, make_spare, make_spares, sweep_unfinished
from tests.support.installation import Place

SPARES, MANY = 2, 4
"""Spares that most tests need, which take long to make, and those where each sign-up takes one."""
WORDS = {"locale": "en", "country": "US", "currency": "USD", "timezone": "UTC", "base_url": "http://localhost"}


@pytest.fixture
def founders(empty_place: Place, app_on: Callable[[Place], Flask]) -> Iterator[Flask]:
    """An application with a few spares."""
    make_spares(empty_place.owner_url, empty_place.runtime_url, wanted=SPARES)
    return app_on(empty_place)


@pytest.fixture
def many_founders(founders: Flask, empty_place: Place) -> Flask:
    """An application with as many spares as several sign-ups take."""
    make_spares(empty_place.owner_url, empty_place.runtime_url, wanted=MANY)
    return founders


def found(app: Flask, slug: str, email: str = "") -> ActiveTenant:
    founder = Founder("Ann", email or f"ann@{slug}.example", "a password for ann")
    with app.app_context():
        tenant, _ = found_workspace(app.extensions["directory"], founder, slug=slug, name=slug, **WORDS)
        return tenant


def everything(place: Place) -> dict[str, Any]:
    """Return what a sign-up could have left behind."""
    with place.owner() as connection:
        spares = connection.execute(
            "SELECT schema_name FROM public.tenants WHERE status = 'spare' ORDER BY 1"
        ).fetchall()
        counted = {
            table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()
            for table in ("public.users", "public.memberships", "public.mailed_tokens", "jobs.procrastinate_jobs")
        }
        tables = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname = ANY(%s) ORDER BY 1, 2",
            [[schema for (schema,) in spares]],
        ).fetchall()
        counts = (f"SELECT '{schema}', '{table}', count(*) FROM {schema}.\"{table}\"" for schema, table in tables)
        rows = connection.execute(" UNION ALL ".join(counts)).fetchall() if tables else []
        return {"spares": spares, "counted": counted, "in spares": [row for row in rows if row[2] != 0]}


def test_a_founded_workspace_has_what_it_needs(founders: Flask) -> None:
    tenant = found(founders, "ready")
    with founders.app_context(), tenant_scope(tenant):
        assert set(db.session.scalars(select(Role.key))) == {"owner", "admin", "manager", "rep", "viewer"}
        assert [member.email for member in db.session.scalars(select(Member))] == ["ann@ready.example"]
        assert len(db.session.scalars(select(Stage.id)).all()) == 6
        db.session.commit()


def test_claiming_makes_no_tables_and_costs_the_same_each_time(many_founders: Flask) -> None:
    """Tables are made beforehand: a claim renames, fills in the first rows, and asks as little for the last spare."""
    asked: list[list[str]] = []
    with many_founders.app_context():
        engines = (db.engine, db.engines[SHARED])

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked[-1].append(statement)

    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    for number in range(MANY):
        asked.append([])
        found(many_founders, f"quick-{number}")
    assert not [text for text in asked[0] if text.lstrip().upper().startswith(("CREATE", "ALTER", "GRANT"))]
    assert {len(texts) for texts in asked} == {len(asked[0])}
    assert len(asked[0]) < 40


def test_two_signups_for_one_slug_at_once(many_founders: Flask, empty_place: Place) -> None:
    results = at_once(
        *(lambda number=number: found(many_founders, "same", f"p{number}@x.example") for number in range(3))
    )
    assert sorted(type(result).__name__ for result in results) == ["ActiveTenant", "SlugTaken", "SlugTaken"]
    assert len(everything(empty_place)["spares"]) == MANY - 1
    assert everything(empty_place)["counted"]["public.users"] == (1,), "the losers left no sign-in"


def test_many_signups_at_once_get_a_workspace_each(many_founders: Flask) -> None:
    results = at_once(*(lambda n=n: found(many_founders, f"many-{n}") for n in range(MANY + 2)))
    tenants = [result for result in results if isinstance(result, ActiveTenant)]
    assert len({tenant.schema_name for tenant in tenants}) == MANY == len(tenants)
    assert [type(result) for result in results if result not in tenants] == [NoSpareReady, NoSpareReady]


def test_a_taken_slug_leaves_nothing(founders: Flask, empty_place: Place) -> None:
    found(founders, "taken")
    before = everything(empty_place)
    with pytest.raises(SlugTaken):
        found(founders, "taken", "late@x.example")
    assert everything(empty_place) == before


def test_an_error_late_in_the_founding_leaves_nothing(
    founders: Flask, empty_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: WorkspaceFounded) -> None:
        raise RuntimeError("on purpose")

    handlers = events._handlers[WorkspaceFounded]
    monkeypatch.setitem(events._handlers, WorkspaceFounded, [*handlers, fail])
    before = everything(empty_place)
    with pytest.raises(RuntimeError, match="on purpose"):
        found(founders, "unlucky")
    assert everything(empty_place) == before


@pytest.mark.fault
def test_killed_at_any_step_it_leaves_nothing_or_everything(
    founders: Flask, empty_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database connection is killed before the first statement, before the second, … until none is left."""
    monkeypatch.setattr("saas_crm.access.founding.hash_password", lambda _: "hash")
    with founders.app_context():
        engine = db.engines[SHARED]
    steps = {"left": 0, "killed": False}

    def strike(connection: Any, *_: Any) -> None:
        steps["left"] -= 1
        if steps["left"] == 0:
            steps["killed"] = True
            with empty_place.owner() as owner:
                pid = connection.connection.driver_connection.info.backend_pid
                owner.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

    event.listen(engine, "before_cursor_execute", strike)
    event.listen(engine, "commit", strike)
    before = everything(empty_place)
    for step in range(1, 100):
        steps.update(left=step, killed=False)
        try:
            tenant = found(founders, "brave")
        except DBAPIError:
            assert everything(empty_place) == before, f"killed at step {step}"
        else:
            break
        assert steps["killed"]
    steps["left"] = -1
    assert step > 10, "the founding takes more steps than this: nothing was killed"
    with founders.app_context(), tenant_scope(tenant):
        assert len(db.session.scalars(select(Member.id)).all()) == 1
        db.session.commit()
    with founders.app_context(), db.engines[SHARED].connect() as connection:
        assert len(connection.scalars(select(User.id)).all()) == 1
        assert len(connection.scalars(select(Membership.tenant_id)).all()) == 1


@pytest.mark.fault
def test_a_spare_killed_in_the_making_leaves_nothing_or_everything(empty_place: Place) -> None:
    """The connection is killed later and later, until the spare is whole."""
    with empty_place.owner() as owner:
        for milliseconds in (0, 2, 5, 10, 15, 20, 30, 40, 60, 80, 120, 200, 400):
            with empty_place.owner() as maker:
                killer = threading.Timer(
                    milliseconds / 1000,
                    owner.execute, ["SELECT pg_terminate_backend(%s)", [maker.info.backend_pid]],
                )  # fmt: skip
                killer.start()
                with contextlib.suppress(Exception):
                    make_spare(maker, empty_place.runtime_url)
                killer.join()
            registered, schemas, roles = (
                {row[0] for row in owner.execute(query)}
                for query in (
                    "SELECT schema_name FROM public.tenants",
                    "SELECT nspname::text FROM pg_namespace WHERE nspname ~ '^t_[0-9a-f]{16}$'",
                    "SELECT rolname::text FROM pg_roles r WHERE rolname ~ '^t_[0-9a-f]{16}$' AND EXISTS ("
                    "SELECT FROM pg_namespace n WHERE n.nspname = r.rolname)",
                )
            )
            assert registered == schemas == roles
    assert all(state.current for state in tenant_states(empty_place.owner_url))


def test_spares_are_topped_up_by_several_processes_at_once(empty_place: Place) -> None:
    made = at_once(*(lambda: make_spares(empty_place.owner_url, empty_place.runtime_url, wanted=3) for _ in range(2)))
    assert all(isinstance(number, int) for number in made), made
    assert 3 <= len(everything(empty_place)["spares"]) <= 4
    assert make_spares(empty_place.owner_url, empty_place.runtime_url, wanted=3) == 0


def test_two_workers_sweep_and_make_one_after_the_other(empty_place: Place) -> None:
    with empty_place.owner() as connection:
        for number in range(6):
            stray = f"t_00000000000000f{number}"
            connection.execute(f"CREATE ROLE {stray}; CREATE SCHEMA {stray}; CREATE TABLE {stray}.x (y int)")
    work = partial(make_spares, empty_place.owner_url, empty_place.runtime_url, wanted=2)
    assert sorted(at_once(*[work] * 4)) == [0, 0, 0, 2]


def test_what_a_restore_left_behind_is_swept(empty_place: Place) -> None:
    make_spares(empty_place.owner_url, empty_place.runtime_url, wanted=1)
    with empty_place.owner() as connection:
        stray = "t_00000000000000ff"
        connection.execute(f"CREATE ROLE {stray}; CREATE SCHEMA {stray}; CREATE TABLE {stray}.x (y int)")
        connection.execute(f"GRANT SELECT ON {stray}.x TO {stray}")
        assert sweep_unfinished(connection) == 1
        assert connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [stray]).fetchone() is None
        assert sweep_unfinished(connection) == 0


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Run all in threads that start together; an exception is the result of its thread."""
    barrier = threading.Barrier(len(works))
    results: list[Any] = [None] * len(works)

    def run(index: int, work: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            results[index] = work()
        except Exception as error:
            results[index] = error

    threads = [threading.Thread(target=run, args=item) for item in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
