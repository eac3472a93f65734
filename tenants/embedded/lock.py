"""One supervisor to a data folder."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from tenants.embedded.errors import AlreadyRunningError


class FolderLock:
    """Held as long as this process supervises the server; the kernel lets go of it when the process dies."""

    def __init__(self, file: Path) -> None:
        """Take the lock on `file`.

        Raises:
            AlreadyRunningError: somebody holds it, this process included.
        """
        self._file = file.open("a+", encoding="utf-8")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.seek(0)
            holder = self._file.read().strip()
            self._file.close()
            raise AlreadyRunningError(
                f"The database in {file.parent} is already running"
                + (f", started by process {holder}." if holder else "."),
                "Stop that one first, or use another data folder.",
            ) from error
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    def release(self) -> None:
        """Let the next one in."""
        self._file.close()
