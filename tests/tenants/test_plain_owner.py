"""An owner as docs/operations.md makes one: no superuser, but a login that may make roles and owns its database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from flask import Flask
from psycopg import sql

from tenants.migrate import upgrade_shared, upgrade_tenants
from tenants.migrations.lines import head
from tenants.provisioning import make_spares, sweep_unfinished
from tests.support.cast import found_another
from tests.support.clients import browser_of
from tests.support.installation import Place, forget_tenants, place_of
from tests.support.release import Release


@pytest.fixture
def plain_place(superuser_url: str, worker_id: str, installation: object) -> Iterator[Place]:
    """A database of such an owner; the runtime login is there already, made by somebody else."""
    name = f"plain_owner_{worker_id}"
    identity = sql.Identifier(name)
    parts = urlsplit(superuser_url)
    plain_url = urlunsplit(parts._replace(netloc=f"{name}:plain@{parts.netloc.rpartition('@')[2]}"))
    place = Place(place_of(plain_url, name).owner_url, place_of(superuser_url, name).runtime_url)
    with psycopg.connect(superuser_url, autocommit=True) as superuser:
        superuser.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEROLE PASSWORD 'plain'").format(identity))
        superuser.execute(sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0").format(identity, identity))
        try:
            yield place
        finally:
            forget_tenants(place_of(superuser_url, name))
            superuser.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(identity))
            superuser.execute(sql.SQL("DROP ROLE {}").format(identity))


def test_it_makes_serves_and_migrates_workspaces(
    plain_place: Place, app_on: Callable[[Place], Flask], release: Release
) -> None:
    owner_url, runtime_url = plain_place.owner_url, plain_place.runtime_url
    with plain_place.owner() as connection:
        assert connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone() == (False,)
    assert upgrade_shared(owner_url, runtime_url)
    assert make_spares(owner_url, runtime_url, wanted=2) == 2
    app = app_on(plain_place)
    _, owner = found_another(app, "first")
    browser = browser_of(app, owner)
    assert browser.post("/first/companies", data={"name": "Ada Ltd"}).status_code == 303
    assert "Ada Ltd" in browser.get("/first/companies?q=ada").text

    release.brings()
    assert [(outcome.revision, outcome.error) for outcome in upgrade_tenants(owner_url)] == [(head("tenant"), None)] * 2
    assert browser.get("/first/companies").status_code == 200
    with plain_place.owner() as connection:
        connection.execute("DELETE FROM public.tenants WHERE status = 'spare'")
        assert sweep_unfinished(connection) == 1
