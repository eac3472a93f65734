"""`db upgrade`, `db status` and `db reseal`."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from tenants.migrations.lines import head, known
from tests.support.cast import Cast
from tests.support.command import Call
from tests.support.installation import Installation, new_place
from tests.support.second_factor import with_app

# The login belongs to the whole server: an upgrade gives it the timeout it has, not that of the tests' settings.
LOGIN = {"DATABASE_STATEMENT_TIMEOUT_MS": "15000"}


@pytest.fixture
def tenant_at(installation: Installation):
    """Say that the workspace acme is at some revision."""

    def set_revision(revision: str) -> None:
        with installation.place.owner() as connection:
            connection.execute("UPDATE public.tenants SET schema_version = %s WHERE slug = 'acme'", [revision])

    return set_revision


@pytest.mark.newest  # it tells of workspaces that are not behind
def test_status_tells_each_tenants_version(call: Call) -> None:
    found = call("db", "status")
    assert found.exit_code == 0, found.output
    assert f"shared  {head('shared')}  current" in found.output
    assert f"acme   {head('tenant')}  active  current" in found.output
    assert f"spare workspaces at {head('tenant')}" in found.output


def test_status_fails_when_a_tenant_is_behind(call: Call, tenant_at) -> None:
    tenant_at("0001")
    found = call("db", "status")
    assert found.exit_code == 1
    assert f"acme   0001  active  newest is {head('tenant')}" in found.output
    assert "Run `saas-crm db upgrade`" in found.output


@pytest.mark.newest  # it tells of workspaces that are not behind
def test_status_tells_what_is_served_although_it_is_not_the_newest(call: Call, tenant_at) -> None:
    tenant_at(known("tenant")[-2])
    found = call("db", "status")
    assert found.exit_code == 1
    assert f"active  newest is {head('tenant')}, served" in found.output
    tenant_at("9999")
    found = call("db", "status")
    assert found.exit_code == 0
    assert f"acme   9999  active  newer than {head('tenant')}, served" in found.output


@pytest.mark.newest  # it migrates, and no workspace goes back
def test_upgrade_finds_nothing_to_do_twice(call: Call) -> None:
    for _ in range(2):
        found = call("db", "upgrade", "--parallel", "2", **LOGIN)
        assert found.exit_code == 0, found.output
        assert "tenants: 0 brought to" in found.output


@pytest.mark.newest  # it migrates, and no workspace goes back
def test_upgrade_reports_a_tenant_that_fails_and_exits_1(call: Call, tenant_at) -> None:
    tenant_at("0001x")
    found = call("db", "upgrade", **LOGIN)
    assert found.exit_code == 1
    assert "/acme (t_" in found.output
    assert "revision 0001x of the tenant line is unknown to this release" in found.output
    assert "1 failed" in found.output
    assert "last attempt: revision 0001x" in call("db", "status").output


@pytest.mark.newest  # it migrates, and no workspace goes back
def test_upgrade_shows_how_far_it_is(call: Call, tenant_at, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("saas_crm.cli.database.EVERY", -1.0)
    tenant_at("0001x")
    assert "tenants: 1 of 1\n" in call("db", "upgrade", **LOGIN).output


def test_an_empty_database_becomes_ready(call: Call, installation: Installation, tmp_path: Path) -> None:
    name = f"{installation.place.owner_url.rpartition('/')[2].partition('?')[0]}_empty"
    with new_place(installation.place.owner_url, name) as place:
        with place.owner() as connection:
            connection.execute(
                "DROP SCHEMA public CASCADE; DROP SCHEMA jobs CASCADE; CREATE SCHEMA public;"
                " GRANT USAGE ON SCHEMA public TO PUBLIC"
            )
        urls = {"DATABASE_URL": place.runtime_url, "DATABASE_OWNER_URL": place.owner_url, "SPARE_TENANTS": "1", **LOGIN}
        before = call("tenants", "list", **urls)
        assert before.exit_code == 1
        assert "Run `saas-crm db upgrade` first." in before.output
        assert call("db", "status", **urls).exit_code == 1
        made = call("db", "upgrade", **urls)
        assert made.exit_code == 0, made.output
        assert "spare workspaces: 1 made" in made.output
        assert call("db", "status", **urls).exit_code == 0
        with place.owner() as connection:
            found = connection.execute("SELECT count(*) FROM public.users").fetchone()
        assert found == (0,), "nobody can sign in to a new installation before somebody signs up"


@pytest.mark.parametrize("number", ["0", "33", "many"])
def test_parallel_has_bounds(call: Call, number: str) -> None:
    assert call("db", "upgrade", "--parallel", number).exit_code == 2


def test_secrets_are_sealed_anew_after_the_key_was_changed(call: Call, app: Flask, cast: Cast) -> None:
    with_app(app, cast["rep"])
    changed = {"SECRET_KEY": "another secret key, which is long enough to sign"}
    lost = call("db", "reseal", **changed)
    assert lost.exit_code == 1
    assert "1 could not be opened. Put the SECRET_KEY of before into SECRET_KEY_FORMER." in lost.output
    done = call("db", "reseal", **changed, SECRET_KEY_FORMER=app.config["SECRET_KEY"])
    assert (done.exit_code, done.output) == (0, "1 secret sealed anew.\n")
    assert call("db", "reseal", **changed).exit_code == 0, "the former key is needed no more"
