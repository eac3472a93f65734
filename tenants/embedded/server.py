"""Starting, watching and stopping one embedded server."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

import psycopg

from tenants.embedded.account import Account, server_account
from tenants.embedded.address import ServerAddress
from tenants.embedded.binaries import find_binaries, within_reach
from tenants.embedded.cluster import (
    ENVIRONMENT,
    Layout,
    make_cluster,
    make_home,
    owner_password,
    path_for_server,
)
from tenants.embedded.configuration import server_arguments
from tenants.embedded.errors import EmbeddedServerError
from tenants.embedded.guard import Guard
from tenants.embedded.lock import FolderLock
from tenants.embedded.processes import read_postmaster, remove_leftovers, serves
from tenants.embedded.sockets import empty_socket_dir, remove_socket_dir

# Seconds. Recovery from a crash may take minutes with thousands of tenants; stopping writes what is dirty.
_START_TIMEOUT = 600.0
_STOP_TIMEOUT = 120.0
_POLL = 0.01

_log = logging.getLogger(__name__)


class EmbeddedServer:
    """A PostgreSQL server of our own, living as long as this process wants it to.

    Its data and all it writes are in `data_dir`. It is reached through a Unix socket in a private folder,
    with a password, and listens on no address. One process supervises a data folder at a time.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        durable: bool = True,
        extra_settings: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Describe a server; nothing happens before `start()`.

        Args:
            data_dir: the folder for everything the server writes; made when missing.
            durable: False trades safety for speed, for data that may be lost (tests).
            extra_settings: PostgreSQL settings that win over ours.
        """
        self._layout = Layout(Path(data_dir).absolute())
        self._durable = durable
        self._extra_settings = dict(extra_settings)
        self._lock: FolderLock | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: Guard | None = None
        self._socket_dir: Path | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def is_running(self) -> bool:
        """Whether the server that `start()` started is still there."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """The server's process number while it runs."""
        return self._process.pid if self._process and self.is_running else None

    @property
    def address(self) -> ServerAddress:
        """Where the started server is.

        Raises:
            EmbeddedServerError: it was not started.
        """
        found = find_running(self._layout.home) if self._process else None
        if found is None:
            raise EmbeddedServerError("The embedded database is not running.", "Start it first.")
        return found

    def start(self) -> ServerAddress:
        """Start the server, making its data first if there is none, and return once it answers a query.

        Raises:
            AlreadyRunningError: this or another process supervises this data folder already.
            EmbeddedServerError: it cannot be started; the remedy says what to do.
        """
        account = server_account()
        make_home(self._layout.home, account)
        self._lock = FolderLock(self._layout.lock)
        try:
            binaries = within_reach(find_binaries(), account)
            remove_leftovers(self._layout.cluster)
            self._socket_dir = empty_socket_dir(self._layout.home, account)
            make_cluster(self._layout, binaries, account, socket_dir=self._socket_dir, durable=self._durable)
            folder = self._layout.cluster
            arguments = server_arguments(self._socket_dir, durable=self._durable, extra=self._extra_settings)
            command = [str(binaries.folder / "postgres"), "-D", path_for_server(folder, account), *arguments]
            deadline = time.monotonic() + _START_TIMEOUT
            while not self._launch(command, account, deadline):
                time.sleep(0.2)
            return self.address
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the server: connections are closed, what they committed is on disk. Harmless when stopped."""
        if self._process is not None:
            for request, patience in ((signal.SIGINT, _STOP_TIMEOUT), (signal.SIGQUIT, 10.0)):
                if self._end(request, patience):
                    break
            else:
                self._end(signal.SIGKILL, None)
        self._clear()

    def kill(self) -> None:
        """Kill the server as a crash would, for tests of what survives it."""
        self._end(signal.SIGKILL, None)
        self._clear()

    def _end(self, request: signal.Signals, patience: float | None) -> bool:
        process = self._process
        if process is None:
            return True
        process.send_signal(request)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            _log.warning("embedded database does not stop on %s", request.name)
            return False
        return True

    def _clear(self) -> None:
        self._process = None
        if self._guard:
            self._guard.dismiss()
            self._guard = None
        if self._socket_dir:
            remove_socket_dir(self._socket_dir)
            self._socket_dir = None
        if self._lock:
            self._lock.release()
            self._lock = None

    def _launch(self, command: list[str], account: Account, deadline: float) -> bool:
        """Start the program and wait until it answers; False when it should be tried once more."""
        log = self._layout.log
        if log.exists():
            log.replace(log.with_name(f"{log.name}.1"))
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self._process = subprocess.Popen(
                command,
                cwd=self._layout.cluster,
                env=ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Ctrl-C in a terminal goes to everybody in it; the server stops when its supervisor says so.
                start_new_session=True,
                **account.identity(),
            )
        finally:
            os.close(output)
        self._guard = Guard(self._layout.cluster, self._process.pid)
        while self._process.poll() is None:
            if _answers(self._layout.home):
                return True
            if time.monotonic() > deadline:
                raise self._failure(f"did not answer within {_START_TIMEOUT:.0f} seconds")
            time.sleep(_POLL)
        self._guard.dismiss()
        self._guard = None
        # Sessions of a server that was killed may live on for a moment; they must be gone before the next.
        if "is still in use" in log.read_text("utf-8", "replace") and time.monotonic() < deadline:
            return False
        raise self._failure("stopped at once")

    def _failure(self, what: str) -> EmbeddedServerError:
        log = self._layout.log
        tail = "\n".join(log.read_text("utf-8", "replace").splitlines()[-8:])
        return EmbeddedServerError(
            f"The embedded database {what}. The end of its log, {log}:\n{tail}",
            "Mend what the log names, or set DATABASE_URL to another server.",
        )


def find_running(data_dir: Path) -> ServerAddress | None:
    """Return the address of the server that runs on `data_dir`, whoever started it; None when none does.

    Raises:
        EmbeddedServerError: it runs, but its password is not ours to read.
    """
    layout = Layout(Path(data_dir).absolute())
    found = read_postmaster(layout.cluster)
    if found is None or not found.is_ready or not serves(found.pid, layout.cluster):
        return None
    return ServerAddress(found.socket_dir, found.port, owner_password(layout))


def _answers(home: Path) -> bool:
    address = find_running(home)
    if address is None:
        return False
    try:
        with psycopg.connect(address.owner_url(), connect_timeout=5) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False
