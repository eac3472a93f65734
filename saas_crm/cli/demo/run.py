"""The demo from start to stop."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from socket import socket
from types import FrameType
from typing import NoReturn

import click

from saas_crm.cli.demo import database
from saas_crm.cli.demo.folder import DemoFolder, environment
from saas_crm.cli.demo.paying import MODULE, Till, is_there, secret_of, with_checkout
from saas_crm.cli.demo.processes import Child, ChildGuard, wait_until
from saas_crm.cli.demo.report import show_addresses, step
from saas_crm.cli.failures import Failure
from saas_crm.cli.ports import EVERYWHERE, check_port_free, free_port, written
from tenants.embedded import AlreadyRunningError, EmbeddedServer
from tenants.settings import Settings

READY_SECONDS = 60
# Longer than gunicorn's own grace, so that it ends by itself.
SERVER_PATIENCE, WORKER_PATIENCE = 40.0, 20.0
_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """The person asked the demo to stop."""


def run(host: str, port: int, data: Path, *, billing: bool = True) -> NoReturn:
    """Run the demo until it is told to stop, which is success, or until a part of it dies. Raises Failure."""
    folder = DemoFolder(data.absolute())
    folder.make()
    with ExitStack() as stack:
        stack.enter_context(_stopping_cleanly())
        try:
            server, children = _start(host, port, folder, stack, billing=billing)
            died = _watch(server, children)
        except Stopped:
            click.echo("\nStopping …")
            died = None
    if died:
        raise Failure(*died)
    click.echo("Stopped.")
    sys.exit(0)


@contextmanager
def _stopping_cleanly() -> Iterator[None]:
    """Turn the first signal to stop into Stopped; while things are being stopped further ones are ignored."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        for each in _STOPS:
            signal.signal(each, signal.SIG_IGN)
        raise Stopped

    for each in _STOPS:
        signal.signal(each, stop)
    yield


def _start(
    host: str, port: int, folder: DemoFolder, stack: ExitStack, *, billing: bool
) -> tuple[EmbeddedServer, list[Child]]:
    click.echo(f"Starting the demo; its data is in {folder.root}")
    server = EmbeddedServer(folder.database)
    with step("Database") as shown:
        _start_database(server, host, port, stack)
        shown.said = "running"
    port = port or free_port(host)
    made = environment(folder, server.address, host, port, os.environ)
    till = Till(free_port("127.0.0.1"), secret_of(made["SECRET_KEY"])) if billing and is_there() else None
    made |= till.environment() if till else {}
    settings = _settings(made)
    with step("Tables") as shown:
        database.make_database(server.address)
        shown.said = "brought up to date" if database.make_tables(settings) else "up to date"
    with step("Demo workspaces") as shown:
        shown.said = "loaded" if database.fill(settings) else "kept as they were"
    payments = []
    if till:
        with step("Plans and payments") as shown:
            payments = [_start_till(till, folder, made, stack)]
            shown.said = "arranged" if database.arrange_plans(settings, till.url) else "kept as they were"
    with step("Operators' console") as shown:
        console = database.console(settings)
        shown.said = "to be set up" if "setup" in console else "set up"
    with step("Server and worker"):
        children = _start_children(folder, made, stack)
        _wait_until_ready(children, host, port)
    show_addresses(host, port, folder.mail, console, paying=bool(till))
    return server, [*children, *payments]


def _start_till(till: Till, folder: DemoFolder, made: dict[str, str], stack: ExitStack) -> Child:
    """Start the double of Stripe and wait until it listens. Raises Failure."""
    host, port = made["HOST"], int(made["PORT"])
    here = f"http://{written('127.0.0.1' if host in EVERYWHERE else host, port)}"
    options = till.options(folder.root / "payments.json", here)
    child = Child("payments", options, folder.log("payments"), with_checkout(made), module=MODULE)
    stack.callback(child.stop, WORKER_PATIENCE)
    guard = ChildGuard([child])
    stack.callback(guard.dismiss)
    if not wait_until(lambda: child.exit_code is not None or _answers(till.port), seconds=READY_SECONDS) or (
        child.exit_code is not None
    ):
        raise Failure(
            f"The double of Stripe did not start. Its last words:\n{child.last_words()}",
            "Start without it: --no-billing (make demo BILLING=off).",
        )
    return child


def _answers(port: int) -> bool:
    with socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _start_database(server: EmbeddedServer, host: str, port: int, stack: ExitStack) -> None:
    """Start the database; another demo on the same data is told before a port that is taken."""
    try:
        server.start()
    except AlreadyRunningError as running:
        raise Failure(f"Another demo runs on this folder. {running.message}", running.remedy) from None
    stack.callback(server.stop)
    check_port_free(host, port, remedy="Choose another: --port 8001 (make demo PORT=8001), or 0 for any free one.")


def _settings(made: dict[str, str]) -> Settings:
    """Validate the settings the children will read."""
    os.environ.clear()
    os.environ.update(made)
    from saas_crm.cli.configuration import load_settings

    return load_settings()


def _start_children(folder: DemoFolder, made: dict[str, str], stack: ExitStack) -> list[Child]:
    folder.metrics.mkdir(exist_ok=True)
    worker = Child("worker", ["worker"], folder.log("worker"), made)
    stack.callback(worker.stop, WORKER_PATIENCE)
    web = Child("server", ["serve"], folder.log("server"), made)
    stack.callback(web.stop, SERVER_PATIENCE)
    guard = ChildGuard([web, worker])
    stack.callback(guard.dismiss)
    return [web, worker]


def _wait_until_ready(children: list[Child], host: str, port: int) -> None:
    def settled() -> bool:
        return any(child.exit_code is not None for child in children) or _is_ready(host, port)

    if not wait_until(settled, seconds=READY_SECONDS):
        raise Failure(
            f"The server was not ready after {READY_SECONDS} seconds.",
            f"Its log is {children[0].log}, the worker's {children[1].log}.",
        )
    if died := _death(children):
        raise Failure(*died)


def _is_ready(host: str, port: int) -> bool:
    connection = HTTPConnection("127.0.0.1" if host in EVERYWHERE else host, port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _watch(server: EmbeddedServer, children: list[Child]) -> tuple[str, str]:
    """Return what died and why, should anything; until then this waits."""
    while True:
        if died := _death(children):
            return died
        if not server.is_running:
            return "The database stopped unexpectedly.", "Its log is database/server.log in the data folder."
        time.sleep(0.25)


def _death(children: list[Child]) -> tuple[str, str] | None:
    for child in children:
        if child.exit_code is not None:
            return (
                f"The {child.name} stopped unexpectedly (exit code {child.exit_code}), so everything was stopped. "
                f"Its last words:\n{child.last_words()}",
                f"The whole log is {child.log}.",
            )
    return None
