"""Which processes serve a data folder: reading `postmaster.pid` without believing it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tenants.embedded.errors import EmbeddedServerError

PID_FILE = "postmaster.pid"
# Each way to say "stop", with the seconds it is given.
_STOPS = ((signal.SIGINT, 60.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0))


@dataclass(frozen=True)
class Postmaster:
    """What a server wrote about itself in `postmaster.pid`; it may be long dead."""

    pid: int
    port: int
    socket_dir: Path
    is_ready: bool


def read_postmaster(cluster: Path) -> Postmaster | None:
    """Return what `postmaster.pid` says, or None when it is not there or not yet complete."""
    try:
        lines = (cluster / PID_FILE).read_text(encoding="utf-8").splitlines()
        # Fixed lines: pid, data folder, start time, port, socket folder, address, shared memory, status.
        return Postmaster(
            pid=abs(int(lines[0])),
            port=int(lines[3]),
            socket_dir=Path(lines[4]),
            is_ready=len(lines) > 7 and lines[7].strip() == "ready",
        )
    except (OSError, ValueError, IndexError):
        return None


def serves(pid: int, cluster: Path) -> bool:
    """Tell whether process `pid` is alive, no zombie, and a server of the data folder `cluster`.

    A number in an old file may have gone to another program since, or its process may be dead and only not
    yet collected by its parent, as happens in containers.
    """
    if sys.platform == "linux":
        return _serves_by_proc(pid, cluster)
    answer = subprocess.run(
        ["/bin/ps", "-o", "stat=,command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    status, _, command = answer.stdout.strip().partition(" ")
    return bool(status) and not status.startswith("Z") and "postgres" in command and str(cluster) in command


def remove_leftovers(cluster: Path) -> None:
    """Stop a server whose supervisor died; drop a `postmaster.pid` whose number is not a server's any more.

    PostgreSQL itself takes a zombie or a reused process number for a living server and refuses to start. The
    caller must be the folder's one supervisor.

    Raises:
        EmbeddedServerError: the old server does not go away.
    """
    found = read_postmaster(cluster)
    if found is None:
        return
    for request, patience in _STOPS:
        if not serves(found.pid, cluster):
            break
        with contextlib.suppress(ProcessLookupError):
            os.kill(found.pid, request)
        deadline = time.monotonic() + patience
        while serves(found.pid, cluster) and time.monotonic() < deadline:
            time.sleep(0.02)
    else:
        if serves(found.pid, cluster):
            raise EmbeddedServerError(
                f"An older database server, process {found.pid}, still holds {cluster} and does not stop.",
                "Restart the machine, or use another data folder.",
            )
    # Somebody answers to the number, but it is no server: the file is wrong. When nobody does, PostgreSQL
    # reads from the file what else to wait for (sessions that outlive their server), so there it stays.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(found.pid, 0)
        (cluster / PID_FILE).unlink(missing_ok=True)


def _serves_by_proc(pid: int, cluster: Path) -> bool:
    # A server's working folder is its data folder. A zombie has none any more, and reading the one of
    # somebody else's process is refused: both are OSErrors, and both mean that it does not serve this folder.
    try:
        return Path(f"/proc/{pid}/cwd").samefile(cluster)
    except OSError:
        return False
