"""`demo` as a process: from nothing to a running product, and back to nothing but its data."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.cli.conftest import CHECKOUT
from tests.support.installation import temporary_folder

pytestmark = pytest.mark.timeout(180)
PASSWORD = "demo-demo-demo"


class Demo:
    """A demo that was started, and what it has said."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.began = time.monotonic()
        descriptor, name = tempfile.mkstemp(prefix="demo-says-")
        self._out = Path(name)
        with os.fdopen(descriptor, "wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-u", "-m", "saas_crm.cli", "demo", "--data", str(folder), *options],
                cwd=CHECKOUT, stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip

    @property
    def said(self) -> str:
        """All it has printed."""
        return self._out.read_text()

    def ready(self) -> str:
        """Wait until it is ready; returns its address."""
        while "  Stop " not in self.said:
            assert self.process.poll() is None, self.said
            assert time.monotonic() - self.began < 120, self.said
            time.sleep(0.05)
        found = re.search(r"Open +(http://\S+)/\n", self.said)
        assert found is not None
        return found[1]

    def stop(self, request: signal.Signals = signal.SIGINT) -> int:
        """Ask it to stop; returns its exit code."""
        self.process.send_signal(request)
        return self.process.wait(60)

    def forget(self) -> None:
        """Remove what it has printed."""
        self._out.unlink()

    def descendants(self) -> dict[int, str]:
        """Return the processes it has started and they have, with their commands."""
        parents, commands = {}, {}
        for entry in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                pid = int(entry.name)
                parents[pid] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                commands[pid] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        found = {self.process.pid}
        while more := {pid for pid, parent in parents.items() if parent in found} - found:
            found |= more
        return {pid: commands[pid] for pid in found - {self.process.pid}}


def is_alive(pid: int, command: str) -> bool:
    """Tell whether the process is still there; its number may have gone to another."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode() == command != ""
    return False


@contextmanager
def demo(folder: Path, *options: str) -> Iterator[Demo]:
    """Run a demo on any free port; whatever happens nothing of it is left."""
    started = Demo(folder, *(options or ("--port", "0")))
    try:
        yield started
    finally:
        known = started.descendants()
        started.process.kill()
        started.process.wait()
        started.forget()
        wait_until_gone(known)


def wait_until_gone(known: dict[int, str]) -> None:
    """Wait until none of these processes is left; one that does not go is killed and told."""
    deadline = time.monotonic() + 45
    while left := {pid: command for pid, command in known.items() if is_alive(pid, command)}:
        if time.monotonic() > deadline:
            for pid in left:
                with suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            raise AssertionError(f"left behind: {left}")
        time.sleep(0.1)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder that keeps its data from one start to the next, as people's do."""
    with temporary_folder("demo") as place:
        yield place / "data"


def status_of(url: str) -> int:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return int(answer.status)


def test_from_nothing_to_running_and_back(folder: Path) -> None:
    with demo(folder) as first:
        url = first.ready()
        assert status_of(f"{url}/readyz") == 200
        for sign_in in ("owner@demo.example", "rep2@demo.example", "viewer@demo.example", "rep@huaxia.example"):
            assert sign_in in first.said
        assert PASSWORD in first.said
        console = re.search(r"Console +(http://localhost:\d+/operator/setup/\S+)\n", first.said)
        assert console is not None, "who runs it all sets themselves up"
        assert status_of(console[1]) == 200
        assert url.startswith("http://localhost:"), "for a bare address no browser makes a passkey"
        assert status_of(f"{url.replace('localhost', '127.0.0.1')}/readyz") == 200
        known = first.descendants()
        assert {"serve", "worker", "postgres"} <= {
            word for command in known.values() for word in re.split(r"[/ ]", command)
        }
        assert first.stop() == 0
        assert "Traceback" not in first.said
        wait_until_gone(known)
    for secret in ("secrets.json", "database/owner-password"):
        assert (folder / secret).stat().st_mode & 0o077 == 0
    assert folder.stat().st_mode & 0o077 == 0


def test_starting_again_keeps_the_data_and_two_on_one_folder_or_port_are_refused(folder: Path) -> None:
    """What makes it quick; how quick depends on what else the machine does (3 to 5 seconds on two idle cores)."""
    if not folder.exists():
        with demo(folder) as first:
            first.ready()
            first.stop()
    with demo(folder) as again:
        port = again.ready().rpartition(":")[2]
        assert re.search(r"Tables \.+ up to date", again.said)
        assert re.search(r"Demo workspaces \.+ kept as they were", again.said)
        with demo(folder) as second:
            assert second.process.wait(30) == 1
            assert "Error: Another demo runs on this folder." in second.said
            assert "Traceback" not in second.said
        with temporary_folder("demo") as place, demo(place / "other", "--port", port) as third:
            assert third.process.wait(60) == 1
            assert f"Port {port} of 127.0.0.1 is taken by another program." in third.said
        assert again.process.poll() is None, "the first is not disturbed"
        assert again.stop(signal.SIGTERM) == 0


@pytest.mark.parametrize("victim", ["cli serve", "cli worker", "bin/postgres"])
def test_when_a_part_dies_everything_stops_and_says_so(folder: Path, victim: str) -> None:
    with demo(folder) as running:
        running.ready()
        known = running.descendants()
        os.kill(min(pid for pid, command in known.items() if victim in command), signal.SIGKILL)
        assert running.process.wait(60) == 1
        assert "stopped unexpectedly" in running.said
        wait_until_gone(known)


def test_a_demo_that_is_killed_takes_its_processes_along(folder: Path) -> None:
    with demo(folder) as running:
        running.ready()
        known = running.descendants()
        assert len(known) >= 4, "database, server, its workers and the worker"
        running.process.kill()
        assert running.process.wait() == -signal.SIGKILL
        wait_until_gone(known)
        assert not any(is_alive(pid, command) for pid, command in known.items())


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with demo(tmp_path / "file" / "data") as refused:
        assert refused.process.wait(30) == 1
        assert "cannot be made: Not a directory. " in refused.said.replace("\n       ", " ")
