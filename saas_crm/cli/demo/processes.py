"""The demo's child processes: started, watched, stopped together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_OLD_LOG_BYTES = 10_000_000
# A shell that waits at a pipe; when the demo is gone, however it went, it asks the children to stop.
_GUARD = 'read -r _; kill -TERM "$@"'


class Child:
    """One of our own commands, in a session of its own: Ctrl-C reaches the demo alone, which stops all in order."""

    def __init__(
        self, name: str, command: Sequence[str], log: Path, environment: Mapping[str, str], *,
        module: str = "saas_crm.cli",
    ) -> None:  # fmt: skip
        """Start `saas-crm COMMAND…`, or another module's, its output appended to `log`."""
        self.name, self.log = name, log
        if log.exists() and log.stat().st_size > _OLD_LOG_BYTES:
            log.replace(log.with_name(f"{log.name}.1"))
        with log.open("ab") as output:
            self.began_at = output.tell()
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                [sys.executable, "-m", module, *command],
                env=dict(environment), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """How it ended, or None while it runs."""
        return self._process.poll()

    def stop(self, patience: float) -> None:
        """Ask it to finish what it does and go; after `patience` seconds end it and all it started."""
        if self.exit_code is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            os.killpg(self.pid, signal.SIGKILL)
            self._process.wait()

    def last_words(self, lines: int = 8) -> str:
        """Return the end of what it said in this run."""
        with self.log.open("rb") as file:
            file.seek(self.began_at)
            return "\n".join(file.read().decode("utf-8", "replace").splitlines()[-lines:])


class ChildGuard:
    """Sees to it that no child outlives a demo that was killed outright."""

    def __init__(self, children: Sequence[Child]) -> None:
        read_end, self._write_end = os.pipe()
        try:
            self._shell = subprocess.Popen(  # noqa: S603 - a fixed script and numbers
                ["/bin/sh", "-c", _GUARD, "guard", *(str(child.pid) for child in children)],
                stdin=read_end, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        finally:
            os.close(read_end)

    def dismiss(self) -> None:
        """End the watch: the demo itself stops its children."""
        self._shell.kill()
        self._shell.wait()
        os.close(self._write_end)


def wait_until(ready: object, *, seconds: float, pause: float = 0.05) -> bool:
    """Ask `ready()` again and again until it says yes or the time is over; returns whether it did."""
    assert callable(ready)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if ready():
            return True
        time.sleep(pause)
    return False
