"""A database of their own for tests that make and change schemas."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from flask import Flask

from saas_crm.app import create_app
from tenants.embedded import EmbeddedServer
from tests.support.installation import Installation, Place, dispose, new_place, settings_for
from tests.support.release import Release


@pytest.fixture
def release(monkeypatch: pytest.MonkeyPatch) -> Release:
    """What the release at hand knows; see Release."""
    return Release(monkeypatch)


@pytest.fixture(scope="session")
def superuser_url(installation: Installation) -> str:
    """The address of the server's own database."""
    return urlunsplit(urlsplit(installation.place.owner_url)._replace(path="/postgres"))


@pytest.fixture(scope="module")
def place(superuser_url: str, worker_id: str, request: pytest.FixtureRequest) -> Iterator[Place]:
    """A database with the shared tables and no tenant, for one file of tests."""
    name = f"crm_{worker_id}_{Path(request.node.name).stem}"
    with new_place(superuser_url, name) as made:
        yield made


@pytest.fixture
def empty_place(place: Place) -> Iterator[Place]:
    """The file's database, without tenants and people at the beginning of the test."""
    forget_everything(place)
    return place


@pytest.fixture
def app_on(tmp_path: Path) -> Iterator[Callable[[Place], Flask]]:
    """Build the application on a database."""
    made: list[Flask] = []

    def build(place: Place) -> Flask:
        made.append(create_app(settings_for(place, tmp_path)))
        return made[-1]

    yield build
    for app in made:
        dispose(app)


def forget_everything(place: Place) -> None:
    """Drop all tenants of a database, and everybody in it."""
    with place.owner() as connection:
        names = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname ~ '^t_[0-9a-f]{16}$'").fetchall()
        for (name,) in names:
            connection.execute(f'DROP SCHEMA "{name}" CASCADE; DROP OWNED BY "{name}"; DROP ROLE "{name}"')
        connection.execute("DELETE FROM public.tenants; DELETE FROM public.users; DELETE FROM public.throttles")
        connection.execute("TRUNCATE jobs.procrastinate_jobs CASCADE")


@pytest.fixture
def new_data_dir() -> Iterator[Path]:
    """A place for data, in a folder that everybody can walk to, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="embedded-"))
    folder.chmod(0o755)
    yield folder / "data"
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data of a server that was made and stopped, to be copied."""
    home = tmp_path_factory.mktemp("template") / "data"
    with EmbeddedServer(home, durable=False):
        pass
    return home


@pytest.fixture
def data_dir(new_data_dir: Path, made_once: Path) -> Path:
    """Data of a stopped server: a copy, which is faster than making it each time."""
    shutil.copytree(made_once, new_data_dir)
    return new_data_dir
