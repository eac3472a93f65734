"""Migrations: parallel, timed, resumable; nothing is marked done that did not run."""

from __future__ import annotations

import threading
from collections.abc import Callable

import psycopg
import pytest
from flask import Flask
from psycopg import sql
from sqlalchemy import select, text

from saas_crm.customers.models import Company
from tenants import migrate
from tenants.db import db, tenant_scope
from tenants.migrate import Outcome, TenantState, tenant_states, upgrade_shared, upgrade_tenants
from tenants.migrations import lines
from tenants.migrations.lines import Step, fill, head, steps_after
from tenants.provisioning import make_spares
from tests.support.cast import found_another
from tests.support.catalog import catalog
from tests.support.clients import browser_of
from tests.support.installation import Place
from tests.support.release import NEXT, Release


def columns(place: Place, schema: str) -> set[str]:
    with place.owner() as connection:
        rows = connection.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = %s AND table_name = 'companies'",
            [schema],
        )
        return {row[0] for row in rows}


def by_schema(place: Place) -> dict[str, TenantState]:
    return {state.schema: state for state in tenant_states(place.owner_url)}


def test_every_tenant_and_spare_is_brought_up(empty_place: Place, release: Release) -> None:
    make_spares(empty_place.owner_url, empty_place.runtime_url, wanted=4)
    release.brings()
    told: list[tuple[Outcome, int]] = []
    outcomes = upgrade_tenants(empty_place.owner_url, parallel=3, report=lambda *outcome: told.append(outcome))
    assert len(outcomes) == len(told) == 4
    assert {of for _, of in told} == {4}
    assert all(outcome.revision == NEXT and outcome.error is None for outcome in outcomes)
    for schema, state in by_schema(empty_place).items():
        assert state.current
        assert "probe" in columns(empty_place, schema)
    assert upgrade_tenants(empty_place.owner_url) == [], "there is nothing left to do"


def test_a_new_column_is_within_the_tenants_rights(
    empty_place: Place, release: Release, app_on: Callable[[Place], Flask]
) -> None:
    make_spares(empty_place.owner_url, empty_place.runtime_url, wanted=1)
    app = app_on(empty_place)
    tenant, _ = found_another(app, "first")
    release.brings("CREATE TABLE probes (id uuid PRIMARY KEY);")
    upgrade_tenants(empty_place.owner_url)
    with empty_place.runtime() as connection, connection.transaction():
        connection.execute(tenant.entry)
        connection.execute("INSERT INTO probes VALUES (gen_random_uuid())")
        assert connection.execute("SELECT count(*) FROM probes").fetchone() == (1,)


def test_a_tenant_held_by_a_long_transaction_is_reported_and_done_on_the_next_run(
    empty_place: Place, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_spares(empty_place.owner_url, empty_place.runtime_url, wanted=3)
    monkeypatch.setattr(migrate, "LOCK_TIMEOUT", "50ms")
    release.brings()
    held = tenant_states(empty_place.owner_url)[1].schema
    with psycopg.connect(empty_place.owner_url) as reader:
        reader.execute(f"SELECT count(*) FROM {held}.companies")
        outcomes = {outcome.schema: outcome for outcome in upgrade_tenants(empty_place.owner_url)}
        assert "held by another transaction" in (outcomes[held].error or "")
        states = by_schema(empty_place)
        assert not states[held].current
        assert "held by another transaction" in (states[held].error or "")
        assert all(state.current for schema, state in states.items() if schema != held)
        assert "probe" not in columns(empty_place, held)
        reader.rollback()
    assert [outcome.schema for outcome in upgrade_tenants(empty_place.owner_url)] == [held]
    state = by_schema(empty_place)[held]
    assert state.current
    assert state.error is None


def test_nobody_who_holds_a_tenants_row_holds_the_command(
    empty_place: Place, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_spares(empty_place.owner_url, empty_place.runtime_url, wanted=2)
    held, free = (state.schema for state in tenant_states(empty_place.owner_url))
    release.brings("ALTER TABLE companies ADD COLUMN probe text;")
    monkeypatch.setattr(migrate, "LOCK_TIMEOUT", "50ms")
    monkeypatch.setattr(migrate, "ATTEMPTS", 2)
    with empty_place.owner() as connection, connection.transaction():
        connection.execute("SELECT 1 FROM public.tenants WHERE schema_name = %s FOR UPDATE", [held])
        outcomes = {outcome.schema: outcome.error for outcome in upgrade_tenants(empty_place.owner_url)}
    assert "held by another transaction" in (outcomes[held] or "")
    assert outcomes[free] is None


def test_a_failing_tenant_stays_as_it_was_and_alone_refuses_to_serve_one_release_later(
    empty_place: Place, release: Release, app_on: Callable[[Place], Flask]
) -> None:
    make_spares(empty_place.owner_url, empty_place.runtime_url, wanted=2)
    app = app_on(empty_place)
    (broken, its_owner), (_, healthy_owner) = found_another(app, "broken"), found_another(app, "healthy")
    with empty_place.owner() as connection:
        connection.execute(f"ALTER TABLE {broken.schema_name}.companies ADD COLUMN probe int")
        before = catalog(connection, broken.schema_name)
    release.brings("CREATE TABLE half (x int); ALTER TABLE companies ADD COLUMN probe text;")
    outcomes = {outcome.schema: outcome.error for outcome in upgrade_tenants(empty_place.owner_url)}
    assert "already exists" in (outcomes[broken.schema_name] or "")
    with empty_place.owner() as connection:
        assert catalog(connection, broken.schema_name) == before, "nothing of it is half done"
    app.extensions["directory"].forget()
    pages = [(browser_of(app, owner), f"/{slug}/") for slug, owner in
             (("broken", its_owner), ("healthy", healthy_owner))]  # fmt: skip
    assert [browser.get(path).status_code for browser, path in pages] == [200, 200], "one revision behind is served"
    release.brings(revision="9002")
    assert [browser.get(path).status_code for browser, path in pages] == [503, 200]


def test_one_whose_session_is_ended_is_named_and_the_others_are_done(empty_place: Place, release: Release) -> None:
    make_spares(empty_place.owner_url, empty_place.runtime_url, wanted=4)
    cut = tenant_states(empty_place.owner_url)[1].schema
    ends = f"SELECT pg_terminate_backend(pg_backend_pid()) WHERE current_schema() = '{cut}';"
    release.brings(f"{ends} ALTER TABLE companies ADD COLUMN probe text;")
    outcomes = {outcome.schema: outcome.error for outcome in upgrade_tenants(empty_place.owner_url, parallel=1)}
    assert len(outcomes) == 4
    assert [schema for schema, error in outcomes.items() if error] == [cut]
    states = by_schema(empty_place)
    assert "terminating connection" in (states[cut].error or "")
    assert [schema for schema, state in states.items() if not state.current] == [cut]


def test_two_runs_at_once_apply_each_revision_once(empty_place: Place, release: Release) -> None:
    make_spares(empty_place.owner_url, empty_place.runtime_url, wanted=4)
    release.brings("CREATE TABLE IF NOT EXISTS ran (x int); INSERT INTO ran VALUES (1);")
    failures: list[Exception] = []

    def run() -> None:
        try:
            upgrade_tenants(empty_place.owner_url, parallel=2)
        except psycopg.Error as error:
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with empty_place.owner() as connection:
        for schema, state in by_schema(empty_place).items():
            assert state.current
            assert connection.execute(f"SELECT count(*) FROM {schema}.ran").fetchone() == (1,)


def test_two_starts_at_once_make_the_shared_tables_once(superuser_url: str, worker_id: str) -> None:
    from tests.support.installation import place_of

    name = f"crm_{worker_id}_twice"
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
    place = place_of(superuser_url, name)
    done: list[list[str]] = []
    threads = [
        threading.Thread(target=lambda: done.append(upgrade_shared(place.owner_url, place.runtime_url)))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(len, done)) == [0, 0, len(lines.steps("shared"))]
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_database_that_is_newer_than_the_release_is_left_alone(empty_place: Place) -> None:
    make_spares(empty_place.owner_url, empty_place.runtime_url, wanted=1)
    with empty_place.owner() as connection:
        connection.execute("UPDATE public.tenants SET schema_version = '9999'")
    assert upgrade_tenants(empty_place.owner_url) == []
    with empty_place.owner() as connection:
        connection.execute("UPDATE public.shared_version SET revision = '9999'")
    assert upgrade_shared(empty_place.owner_url, empty_place.runtime_url) == []
    with pytest.raises(LookupError):
        steps_after("shared", "9999")


def test_the_fresh_script_makes_what_all_migrations_make(
    empty_place: Place, release: Release, app_on: Callable[[Place], Flask]
) -> None:
    """Golden: a schema born today and one that went through every revision, catalogs compared line by line."""
    whole = lines.steps("tenant")
    with empty_place.owner() as connection:
        make_spares(empty_place.owner_url, empty_place.runtime_url, wanted=1)
        [fresh] = [state.schema for state in tenant_states(empty_place.owner_url)]
        release.has(whole[:1])
        make_spares(empty_place.owner_url, empty_place.runtime_url, wanted=2)
        [grown] = [state.schema for state in tenant_states(empty_place.owner_url) if state.schema != fresh]
        connection.execute("UPDATE public.tenants SET schema_version = '' WHERE schema_name = %s", [fresh])
        for count in range(2, len(whole) + 1):
            release.has(whole[:count])
            migrate.upgrade_tenant(connection, grown)
        expected, found = catalog(connection, fresh), catalog(connection, grown)
    assert len(expected) > 100
    assert found == expected


def test_while_tenants_are_at_different_versions_no_prepared_statement_fails(
    empty_place: Place, release: Release, app_on: Callable[[Place], Flask]
) -> None:
    """One tenant gets a column while its neighbour has none, over one connection that keeps its prepared statements."""
    make_spares(empty_place.owner_url, empty_place.runtime_url, wanted=2)
    app = app_on(empty_place)
    tenants = [found_another(app, slug)[0] for slug in ("ahead", "behind")]

    def read_all() -> None:
        for tenant in tenants * 4:
            with tenant_scope(tenant):
                db.session.scalars(select(Company)).all()
                db.session.commit()

    with app.app_context():
        read_all()
        with empty_place.owner() as connection:
            release.brings()
            migrate.upgrade_tenant(connection, tenants[0].schema_name)
        read_all()
        with db.engine.connect() as connection:
            query = text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%companies%'")
            assert connection.scalar(query) == 1


@pytest.mark.parametrize("name", ["t_1; DROP SCHEMA public", 'x"y', "T_1", "", "a" * 64, "1a"])
def test_only_our_own_names_get_into_a_script(name: str) -> None:
    with pytest.raises(ValueError, match="not an identifier"):
        fill("CREATE SCHEMA __tenant_schema__", tenant_schema=name)


@pytest.mark.parametrize("login", ["crm-app", "App User", 'odd"one', "1st", "crm_app"])
def test_a_login_may_have_any_name(place: Place, login: str) -> None:
    script = fill("GRANT SELECT ON probes TO __runtime_login__; SELECT 1", runtime_login=login)
    with place.owner() as connection, connection.transaction(force_rollback=True):
        connection.execute("CREATE TABLE public.probes (id int)")
        if login != "crm_app":
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(login)))
        connection.execute("SET LOCAL search_path = public")
        connection.execute(script.encode())
        granted = connection.execute("SELECT has_table_privilege(%s, 'public.probes', 'SELECT')", [login]).fetchone()
        assert granted == (True,)


@pytest.mark.parametrize("login", ["", "a" * 64, "a\0b"])
def test_what_can_be_no_login_is_refused(login: str) -> None:
    with pytest.raises(ValueError, match="not an identifier"):
        fill("GRANT SELECT ON x TO __runtime_login__", runtime_login=login)


def test_revisions_are_numbered_in_order_and_say_when() -> None:
    for line in ("shared", "tenant"):
        revisions = [step.revision for step in lines.steps(line)]
        assert revisions == [f"{number:04d}" for number in range(1, len(revisions) + 1)]
        assert head(line) == revisions[-1]
    assert steps_after("tenant", head("tenant")) == ()
    assert isinstance(lines.steps("tenant")[0], Step)
