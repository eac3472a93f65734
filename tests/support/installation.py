"""One installation of the product for a test run: a PostgreSQL server, its database, settings and the app."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
import pytest
from flask import Flask
from psycopg import sql

from saas_crm.app import create_app
from tenants.db import db
from tenants.embedded import EmbeddedServer
from tenants.migrate import upgrade_shared
from tenants.provisioning import make_spares
from tenants.settings import Settings
from tests.support.name_server import name_server
from tests.support.release import Release

RUNTIME_LOGIN = "crm_app"
RUNTIME_PASSWORD = "runtime-password-of-a-test"
SPARES = 3
FOUNDED = ("acme", "other")
SECRET = "a test's secret key, which is long enough to sign with"


@dataclass(frozen=True)
class Place:
    """A database: how its owner and how the running application reach it."""

    owner_url: str
    runtime_url: str

    def owner(self) -> psycopg.Connection[Any]:
        """Open a connection as the owner, in autocommit."""
        return psycopg.connect(self.owner_url, autocommit=True, prepare_threshold=None)

    def runtime(self) -> psycopg.Connection[Any]:
        """Open a connection as the login the application runs with, in autocommit."""
        return psycopg.connect(self.runtime_url, autocommit=True, prepare_threshold=None)


@dataclass(frozen=True)
class Installation:
    """What one test process works on."""

    place: Place
    folder: Path
    settings: Settings
    app: Flask


@contextmanager
def temporary_folder(prefix: str) -> Iterator[Path]:
    """A folder every account may walk to (the server's is not root), removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix=f"crm-{prefix}-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def server_url(folder: Path) -> Iterator[str]:
    """The superuser's address of a server: TEST_DATABASE_OWNER_URL names one, else our embedded one runs.

    The embedded one may lose its data with the machine; tests of durability start their own.
    """
    if given := os.environ.get("TEST_DATABASE_OWNER_URL"):
        yield given
        return
    with EmbeddedServer(folder / "postgres", durable=False, extra_settings={"max_connections": "200"}) as server:
        yield server.address.owner_url()


@contextmanager
def new_place(superuser_url: str, name: str) -> Iterator[Place]:
    """Make a database of this name, with the shared tables; dropped at the end."""
    identity = sql.Identifier(name)
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(identity)
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute(drop)
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(identity))
    place = place_of(superuser_url, name)
    try:
        upgrade_shared(place.owner_url, place.runtime_url)
        yield place
    finally:
        with suppress(psycopg.OperationalError), psycopg.connect(superuser_url, autocommit=True) as connection:
            forget_tenants(place)
            connection.execute(drop)


def place_of(superuser_url: str, name: str) -> Place:
    """Name a database of a server, for its owner and for the runtime login."""
    parts = urlsplit(superuser_url)
    at = parts.netloc.rpartition("@")[2]
    login = f"{RUNTIME_LOGIN}:{quote(RUNTIME_PASSWORD, safe='')}@{at}"
    return Place(
        owner_url=urlunsplit(parts._replace(path=f"/{name}")),
        runtime_url=urlunsplit(parts._replace(path=f"/{name}", netloc=login)),
    )


def forget_tenants(place: Place) -> None:
    """Roles belong to the whole server and outlive their database: those of this one go with it."""
    with place.owner() as connection:
        names = connection.execute("SELECT role_name FROM public.tenants").fetchall()
        for (name,) in names:
            role = sql.Identifier(name)
            connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(role))
            connection.execute(sql.SQL("DROP OWNED BY {}; DROP ROLE {}").format(role, role))


def settings_for(place: Place, folder: Path, **changes: Any) -> Settings:
    """Return settings of a test installation; `changes` win."""
    values: dict[str, Any] = {
        "environment": "test",
        "database_url": place.runtime_url,
        "database_owner_url": place.owner_url,
        "database_pool_size": 4,
        "database_statement_timeout_ms": 5_000,
        "api_requests_per_minute": 1_000_000,
        "web_threads": 64,  # a test asks from as many threads of one process as it likes
        "web_workspace_threads": 64,
        "spare_tenants": SPARES,
        "secret_key": SECRET,
        "base_url": "http://localhost",
        "mail_url": f"file://{folder}/mail",
        "metrics_token": None,
        "log_level": "INFO" if os.environ.get("TEST_BEHIND") else "WARNING",  # behind.py reads what waits
        "operator_console": True,
    }
    return Settings(**{**values, **changes})


def _make_workspaces(place: Place) -> None:
    """Make spares, in the order they are claimed: those that will be FOUNDED first.

    TEST_BEHIND names which stay one release behind ("acme", "other", "spares", with commas between): a release
    is rolled out while some workspaces are not migrated yet, and the suite must pass then too.
    """
    behind = set(filter(None, os.environ.get("TEST_BEHIND", "").split(",")))
    if unknown := behind - {*FOUNDED, "spares"}:
        raise ValueError(f"TEST_BEHIND names {unknown}")
    wanted = [*((count, slug in behind) for count, slug in enumerate(FOUNDED, 1)),
              (len(FOUNDED) + SPARES, "spares" in behind)]  # fmt: skip
    for count, is_behind in wanted:
        with pytest.MonkeyPatch.context() as monkeypatch:
            if is_behind:
                Release(monkeypatch).is_the_former()
            make_spares(place.owner_url, place.runtime_url, wanted=count)


@contextmanager
def installed(name: str) -> Iterator[Installation]:
    """Run a whole installation: server, database, spares, a name server that knows nothing, application."""
    with (
        temporary_folder("test") as folder, server_url(folder) as superuser, new_place(superuser, name) as place,
        name_server() as names,
    ):  # fmt: skip
        _make_workspaces(place)
        settings = settings_for(place, folder, dns_servers=names.address)
        app = create_app(settings)
        yield Installation(place, folder, settings, app)
        dispose(app)


def dispose(app: Flask) -> None:
    """Close all connections of an application."""
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()
