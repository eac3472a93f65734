"""The servers under load: started as processes of their own, and what they use of memory and processor."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from saas_crm.cli.ports import free_port
from tenants.settings import Settings

_TICKS = os.sysconf("SC_CLK_TCK")
HOST = "127.0.0.1"


@dataclass(frozen=True)
class Server:
    """A running server: `pid` is its first process."""

    name: str
    pid: int
    port: int

    def workers(self) -> list[int]:
        """Return its worker processes."""
        return children(self.pid)

    def cpu_seconds(self) -> float:
        """Return the processor time that all its processes have used."""
        return cpu_seconds([self.pid, *self.workers()])

    def memory_mb(self) -> list[float]:
        """Return what each worker has in memory (resident set: pages shared with its parent count in full)."""
        return [_status_kb(pid, "VmRSS") / 1000 for pid in self.workers()]


@contextmanager
def serving(name: str, command: Sequence[str], settings: Settings, log: Path, ready: str) -> Iterator[Server]:
    """Start `python -m …` with the settings given, wait until `ready` answers 200, and stop it at the end."""
    port = free_port(HOST)
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *command], env=environment_of(settings, port), stdout=output, stderr=output,
            start_new_session=True,
        )  # fmt: skip
    try:
        _wait(process, port, ready, log)
        yield Server(name, process.pid, port)
    finally:
        process.terminate()
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def environment_of(settings: Settings, port: int) -> dict[str, str]:
    """Return the environment that says the same as the settings, and the port to listen on."""
    said = {}
    for name in Settings.model_fields:
        value = getattr(settings, name)
        if value is not None:
            said[name.upper()] = value.get_secret_value() if hasattr(value, "get_secret_value") else str(value)
    return {**os.environ, **said, "HOST": HOST, "PORT": str(port)}


def _wait(process: subprocess.Popen[bytes], port: int, path: str, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"a server ended at once; its log is {log}")
        connection = HTTPConnection(HOST, port, timeout=5)
        try:
            connection.request("GET", path)
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise SystemExit(f"a server is not ready after a minute; its log is {log}")


def children(pid: int) -> list[int]:
    """Return the processes that a process has started."""
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(word) for word in text.split()]


def cpu_seconds(pids: Sequence[int]) -> float:
    """Return the processor time of some processes and of their children that have ended."""
    total = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):  # it ended before or while it was read
            continue
        total += sum(map(int, fields[11:15]))  # utime, stime, cutime, cstime: proc_pid_stat(5)
    return total / _TICKS


def database_cpu_seconds(postmaster: int) -> float:
    """Return the processor time of a database server and all its sessions, ended ones included."""
    return cpu_seconds([postmaster, *children(postmaster)])


def _status_kb(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    return 0
