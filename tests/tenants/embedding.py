"""What tests of the embedded server share: a process that runs one, its data, a question to it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg

from tenants.embedded.address import ServerAddress

CHECKOUT = Path(__file__).resolve().parents[2]
SUPERVISE = """
import os, sys, time
from pathlib import Path
from tenants.embedded import EmbeddedServer, account, binaries, server as server_module
if sys.argv[4:]:
    # Found while still root: neither this Python nor its packages need be within an ordinary user's reach.
    found = binaries.within_reach(binaries.find_binaries(), account.server_account())
    server_module.find_binaries = lambda: found
    os.setgroups([])
    os.setgid(int(sys.argv[5]))
    os.setuid(int(sys.argv[4]))
server = EmbeddedServer(Path(sys.argv[1]))
print(server.start().owner_url(), server.pid, flush=True)
if sys.argv[2] == "stop":
    server.stop()
time.sleep(float(sys.argv[3]))
"""


def query(address: ServerAddress, sql: str) -> list[tuple[object, ...]]:
    """Run SQL as the owner and return the rows."""
    with psycopg.connect(address.owner_url(), autocommit=True) as connection:
        cursor = connection.execute(sql)
        return cursor.fetchall() if cursor.description else []


def supervise(data_dir: Path, what: str, seconds: float, *user: int) -> subprocess.Popen[str]:
    """Start a process that runs a server for some seconds, as `user` (id and group) if given."""
    return subprocess.Popen(
        [sys.executable, "-c", SUPERVISE, str(data_dir), what, str(seconds), *map(str, user)],
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(CHECKOUT), *sys.path])},
        stdout=subprocess.PIPE,
        text=True,
    )


def wait_until(condition: Callable[[], object], seconds: float = 20.0) -> bool:
    """Wait until a condition holds; return whether it did in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
