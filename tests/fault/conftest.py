"""A server of its own that a test may kill, with an application and a founded workspace on it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from flask import Flask

from saas_crm.app import create_app
from tenants.context import ActiveTenant
from tenants.embedded import EmbeddedServer
from tenants.provisioning import make_spares
from tests.support.cast import Person, found_another
from tests.support.installation import Installation, Place, dispose, new_place, settings_for, temporary_folder


@dataclass(frozen=True)
class Doomed:
    """An installation on a server that will not live long."""

    server: EmbeddedServer
    place: Place
    folder: Path
    app: Flask
    tenant: ActiveTenant
    owner: Person

    def crash(self) -> None:
        """Kill the server and all its processes at once, as a power cut would: none of them can tidy up."""
        pid = self.server.pid
        assert pid is not None
        for victim in (pid, *_children(pid)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
        self.server.kill()

    def start_again(self) -> None:
        """Start the server on what is left."""
        self.server.start()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything in this folder, so that `-m "not fault"` leaves it out."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker("fault")


@pytest.fixture
def fresh_place(installation: Installation) -> Iterator[Place]:
    """A database without tenants, on the run's own server: for processes that die while the server lives."""
    superuser = urlunsplit(urlsplit(installation.place.owner_url)._replace(path="/postgres"))
    with new_place(superuser, f"{urlsplit(installation.place.owner_url).path[1:]}_fresh") as place:
        yield place


@pytest.fixture(scope="session")
def made_once() -> Iterator[Path]:
    """The data of a new server; copying it is quicker than making it."""
    with temporary_folder("template") as folder:
        with EmbeddedServer(folder / "postgres", durable=False):
            pass
        yield folder / "postgres"


@pytest.fixture
def doomed(made_once: Path) -> Iterator[Callable[..., Doomed]]:
    """Build an installation on a durable server; `extra` are settings of PostgreSQL's."""
    with ExitStack() as stack:

        def build(**extra: str) -> Doomed:
            folder = stack.enter_context(temporary_folder("fault"))
            subprocess.run(["cp", "-a", made_once, folder / "postgres"], check=True)
            server = EmbeddedServer(folder / "postgres", durable=True, extra_settings=extra)
            stack.callback(server.stop)
            superuser = server.start().owner_url()
            place = stack.enter_context(new_place(superuser, "doomed"))
            make_spares(place.owner_url, place.runtime_url, wanted=1)
            app = create_app(settings_for(place, folder, spare_tenants=1))
            stack.callback(dispose, app)
            tenant, owner = found_another(app, "doomed")
            with place.owner() as connection:
                connection.execute("CHECKPOINT")
            return Doomed(server, place, folder, app, tenant, owner)

        yield build


def _children(pid: int) -> list[int]:
    """Return the processes that a process has started (Linux)."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[1]) == pid:
                found.append(int(stat.parent.name))
    return found
