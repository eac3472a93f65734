"""Fixtures every test may use; what they are made of is in tests/support."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import hypothesis
import pytest
import structlog
from flask import Flask
from sqlalchemy import select

from saas_crm.access.models import Role
from saas_crm.access.permissions import CurrentMember
from saas_crm.app import create_app
from tenants.db import db, tenant_scope
from tenants.settings import Settings
from tests.stripe import Double
from tests.support import making
from tests.support.behind import pytest_runtest_makereport, pytest_runtest_protocol, pytest_runtest_setup
from tests.support.cast import Cast, found_cast
from tests.support.clients import Browser, Phone, browser_of, phone_of
from tests.support.holding import pytest_runtest_call
from tests.support.installation import Installation, dispose, installed
from tests.support.mailbox import Mailbox, run_jobs
from tests.support.making import Maker
from tests.support.order import hand_out_in_order, handing_out, slowest_first
from tests.support.pristine import Pristine
from tests.support.selling import sold, stripe
from tests.support.server import LiveServer
from tests.support.server import live_server as run_server
from tests.support.smtp import SmtpServer, smtp_server
from tests.support.tally import (
    pytest_runtest_logreport,
    pytest_sessionfinish,
    pytest_terminal_summary,
    pytest_testnodedown,
)

__all__ = [
    "pytest_runtest_call",
    "pytest_runtest_logreport",
    "pytest_runtest_makereport",
    "pytest_runtest_protocol",
    "pytest_runtest_setup",
    "pytest_sessionfinish",
    "pytest_terminal_summary",
    "pytest_testnodedown",
    "sold",
    "stripe",
]


def pytest_configure(config: pytest.Config) -> None:
    """Begin with the files that take longest; how long an example takes says nothing on a busy machine."""
    hypothesis.settings.register_profile("suite", deadline=None)
    hypothesis.settings.load_profile("suite")
    hand_out_in_order(config)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Hand out most tests by file, and those of long tours one by one."""
    return handing_out(config, log) if config.option.dist == "loadfile" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest."""
    slowest_first(items)


def pytest_collection_finish() -> None:
    """Look for garbage among what tests make, and not each time through all that was loaded for them as well."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


@dataclass(frozen=True)
class Stage:
    """What lasts for the whole run: the installation, the cast, and the way back to how it began."""

    installation: Installation
    cast: Cast
    pristine: Pristine


@pytest.fixture(scope="session")
def stage(worker_id: str) -> Iterator[Stage]:
    """The installation of this test process, with both workspaces founded."""
    with installed(f"crm_test_{worker_id}") as installation:
        cast = found_cast(installation.app)
        with installation.place.owner() as connection:
            connection.execute("TRUNCATE jobs.procrastinate_jobs CASCADE")
        schemas = [tenant.schema_name for tenant in cast.tenants.values()]
        pristine = Pristine(installation.place, schemas)
        yield Stage(installation, cast, pristine)
        pristine.close()


@pytest.fixture(scope="session")
def installation(stage: Stage) -> Installation:
    """The database, folder, settings and app of this test process; nothing is put back after its use."""
    return stage.installation


@pytest.fixture(scope="session")
def cast(stage: Stage) -> Cast:
    """The cast: `cast["rep"].member_id`, `cast.tenants["acme"]`."""
    return stage.cast


@pytest.fixture
def app(stage: Stage) -> Iterator[Flask]:
    """The application on a database that is put back after the test."""
    yield stage.installation.app
    stage.pristine.restore()
    stage.installation.app.extensions["directory"].forget()


@pytest.fixture
def settings(app: Flask) -> Settings:
    """The settings the application runs with."""
    found: Settings = app.extensions["settings"]
    return found


@pytest.fixture
def app_with(app: Flask, installation: Installation) -> Iterator[Callable[..., Flask]]:
    """Build another application on the same database: `app_with(base_url="https://crm.example")`."""
    made: list[Flask] = []
    logs = structlog.get_config()  # an application writes its logs to the standard error of when it was made

    def build(**changes: Any) -> Flask:
        made.append(create_app(installation.settings.model_copy(update=changes)))
        return made[-1]

    yield build
    structlog.configure(**logs)
    for other in made:
        dispose(other)


@pytest.fixture
def client_for(app: Flask, cast: Cast) -> Callable[..., Browser]:
    """A signed-in browser: `client_for("rep").get("/acme/companies")`; `client_for(None)` is nobody's."""

    def make(who: str | None, of: Flask | None = None) -> Browser:
        return browser_of(of or app, cast[who] if who else None)

    return make


@pytest.fixture
def api_for(app: Flask, cast: Cast) -> Callable[..., Phone]:
    """A program with a token: `api_for("rep").get("/companies")`; `slug` speaks to another workspace."""

    def make(who: str | None, slug: str = "", of: Flask | None = None) -> Phone:
        return phone_of(of or app, cast[who] if who else None, slug)

    return make


@pytest.fixture
def acting(app: Flask, cast: Cast) -> Callable[[str], AbstractContextManager[CurrentMember]]:
    """Work in the business layer as somebody: `with acting("rep") as rep: …`; commits at the end."""
    return lambda who: making.acting(app, cast, who)


@pytest.fixture
def make(app: Flask, cast: Cast) -> Maker:
    """Quick records: `make.company("rep", name="Ada Ltd")`."""
    return Maker(app, cast)


@pytest.fixture
def role_ids(app: Flask, cast: Cast) -> dict[str, str]:
    """The ids of acme's roles as forms send them: `role_ids["rep"]`."""
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        return {str(key): str(role_id) for key, role_id in db.session.execute(select(Role.key, Role.id))}


@pytest.fixture
def mailbox(app: Flask, installation: Installation) -> Mailbox:
    """The mails that left: `mailbox.arrived("ann@x.example")[0]["Subject"]`, `mailbox.link(to)`."""
    return Mailbox(installation)


@pytest.fixture
def jobs(app: Flask, installation: Installation) -> Callable[[], list[str]]:
    """Run the jobs that are due, as the worker would; returns their names."""
    return lambda: run_jobs(installation)


@pytest.fixture
def smtp() -> Iterator[SmtpServer]:
    """A real SMTP server: `smtp.url`, `smtp.mails`."""
    with smtp_server() as server:
        yield server


@pytest.fixture(scope="session")
def server_process(installation: Installation) -> Iterator[LiveServer]:
    """One gunicorn for the whole run."""
    with run_server(installation.settings, installation.folder) as server:
        yield server


@pytest.fixture
def live_server(server_process: LiveServer, app: Flask) -> LiveServer:
    """A real server on a database that is put back after the test: `live_server.url`."""
    return server_process


@pytest.fixture(scope="session")
def stripe_server() -> Iterator[Double]:
    """One double of Stripe on a port, for the whole run."""
    with Double() as double:
        yield double


@pytest.fixture
def stripe_double(stripe_server: Double) -> Iterator[Double]:
    """A local Stripe as new: `stripe_double.url`, `.acts`, `.advance(days=3)`; in the end nothing was asked wrongly."""
    stripe_server.reset()
    yield stripe_server
    assert stripe_server.violations == []


@pytest.fixture(scope="session")
def worker_id(request: pytest.FixtureRequest) -> str:
    """The name of this test process, "main" when there is only one."""
    found: str = getattr(request.config, "workerinput", {}).get("workerid", "main")
    return found
