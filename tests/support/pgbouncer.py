"""A real PgBouncer in transaction mode before a test's database."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import psycopg
import pytest

from tenants.embedded.account import server_account
from tests.support.installation import Place
from tests.support.server import free_port

CONFIGURATION = """
[databases]
{name} = {where} user={user} password={password}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {size}
min_pool_size = {size}
reserve_pool_size = 0
max_client_conn = 100
ignore_startup_parameters = extra_float_digits,options
logfile = {folder}/pgbouncer.log
"""


@contextmanager
def pgbouncer(place: Place, folder: Path, *, size: int) -> Iterator[str]:
    """Run PgBouncer with `size` server connections and yield the address of the database behind it.

    Skips, in words, where it is not installed; .ci/run installs it, so there it always runs.
    """
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        pytest.skip("PgBouncer is not installed (Debian: apt-get install pgbouncer), so it was not tried")
    parts = urlsplit(place.runtime_url)
    query, name, port = parse_qs(parts.query), parts.path.lstrip("/"), free_port()
    host = query.get("host", [parts.hostname or ""])[0]
    where = f"host={host} port={query.get('port', [str(parts.port or 5432)])[0]} dbname={name}"
    home = folder / f"pgbouncer-{port}"
    home.mkdir()
    file = home / "pgbouncer.ini"
    file.write_text(
        CONFIGURATION.format(
            name=name, where=where, user=unquote(parts.username or ""), password=unquote(parts.password or ""),
            port=port, size=size, folder=home,
        )
    )  # fmt: skip
    account = server_account()
    if account.is_other:
        os.chown(home, account.uid, account.gid)
        os.chown(file, account.uid, account.gid)
    process = subprocess.Popen([program, "-q", str(file)], cwd=home, stderr=subprocess.PIPE, **account.identity())
    try:
        url = f"postgresql://{parts.username}:x@127.0.0.1:{port}/{name}"
        _wait(process, url)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def _wait(process: subprocess.Popen[bytes], url: str) -> None:
    for _ in range(200):
        try:
            psycopg.connect(url, connect_timeout=2).close()
            return
        except psycopg.OperationalError as error:
            if process.poll() is not None:
                said = process.stderr.read().decode() if process.stderr else ""
                raise RuntimeError(f"PgBouncer stopped at once: {said}") from error
            time.sleep(0.05)
    raise RuntimeError("PgBouncer does not answer")
