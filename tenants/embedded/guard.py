"""The server must not outlive its supervisor.

A supervisor that is killed outright cannot stop anything any more. So a shell waits at the end of a pipe that
the supervisor holds open: when that is gone, however it went, the pipe closes and the shell asks the server
to stop. Linux's parent-death signal was not taken: it fires when the *thread* that started the server
ends, is lost when the child changes its user, and is unknown to macOS.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tenants.embedded.processes import PID_FILE

# The server's number is read again, so that one stopped in the meantime is not mistaken for a newcomer.
_SCRIPT = 'read -r _; read -r pid < "$1" && [ "$pid" = "$2" ] && kill -INT "$pid"'


class Guard:
    """Watches over one server from its start until `dismiss()`."""

    def __init__(self, cluster: Path, server_pid: int) -> None:
        read_end, self._write_end = os.pipe()
        try:
            self._shell = subprocess.Popen(
                ["/bin/sh", "-c", _SCRIPT, "guard", str(cluster / PID_FILE), str(server_pid)],
                stdin=read_end,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        finally:
            os.close(read_end)

    def dismiss(self) -> None:
        """End the watch; the server is stopped already or somebody else's care."""
        self._shell.kill()
        self._shell.wait()
        os.close(self._write_end)
