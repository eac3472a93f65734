"""The private folder that the server's socket lies in.

A socket's path may have 103 bytes at most (macOS; 107 on Linux), which a data folder's own path soon exceeds,
so the socket has a short folder of its own, named by the data folder and open to the server's account alone.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import sys
import tempfile
from pathlib import Path

from tenants.embedded.account import Account
from tenants.embedded.errors import EmbeddedServerError

PORT = 5432
_LONGEST_PATH = 103


def empty_socket_dir(home: Path, account: Account) -> Path:
    """Make, or clear, and return the 0700 folder for the socket of the server whose data is in `home`.

    What a killed server left there names a process too, and would stop a new one; the caller must be the only
    supervisor of `home`.

    Raises:
        EmbeddedServerError: something that is not ours already lies there, or no short enough place is found.
    """
    name = f"saas-crm-{account.uid}-{hashlib.sha256(os.fsencode(home.resolve())).hexdigest()[:12]}"
    base = _base(account, name)
    folder = base / name
    try:
        folder.mkdir(mode=0o700)
        account.own(folder)
    except FileExistsError:
        _check_private(folder, account)
        for leftover in folder.iterdir():
            leftover.unlink()
    return folder


def remove_socket_dir(folder: Path) -> None:
    """Remove the folder of a stopped server."""
    shutil.rmtree(folder, ignore_errors=True)


def _base(account: Account, name: str) -> Path:
    bases = ["/tmp" if sys.platform == "linux" else "", tempfile.gettempdir()]  # noqa: S108 (checked to be ours)
    if not account.is_other:
        bases.insert(0, os.environ.get("XDG_RUNTIME_DIR", ""))
    for base in bases:
        path = Path(base, name, f".s.PGSQL.{PORT}")
        usable = base and os.access(base, os.W_OK | os.X_OK) and account.can_enter(Path(base))
        if usable and len(os.fsencode(path)) <= _LONGEST_PATH:
            return Path(base)
    raise EmbeddedServerError(
        "There is no temporary folder that is writable and short enough to hold the database's socket.",
        "Set TMPDIR to a folder with a short path that everybody can enter, such as /tmp.",
    )


def _check_private(folder: Path, account: Account) -> None:
    status = folder.lstat()
    private = stat.S_ISDIR(status.st_mode) and stat.S_IMODE(status.st_mode) == 0o700
    if not private or status.st_uid != account.uid:
        raise EmbeddedServerError(
            f"{folder} should be a private folder of the database's account, and is not.",
            f"Look at what is in {folder}, remove it, and start again.",
        )
