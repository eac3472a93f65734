"""A real PgBouncer with the configuration that infra/ ships, before a test's database."""

from __future__ import annotations

import configparser
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
from tests.support.server import CHECKOUT, free_port

SHIPPED = CHECKOUT / "infra" / "pgbouncer" / "pgbouncer.ini"
KEEPS_STATEMENTS = (1, 21)
"""The first version that knows `max_prepared_statements`."""


@contextmanager
def pgbouncer(place: Place, folder: Path, *, size: int) -> Iterator[str]:
    """Run PgBouncer with `size` server connections and yield the address of the database behind it.

    Skips, in words, where it is not installed; .ci/run installs it, so there it always runs.
    """
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        pytest.skip("PgBouncer is not installed (Debian: apt-get install pgbouncer), so it was not tried")
    parts, port = urlsplit(place.runtime_url), free_port()
    login, password = unquote(parts.username or ""), unquote(parts.password or "")
    home = folder / f"pgbouncer-{port}"
    home.mkdir()
    users, file = home / "users", home / "pgbouncer.ini"
    users.write_text(f'"{login}" "{password}"\n')
    with file.open("w") as out:
        _configuration(program, place, home, port, size).write(out)
    account = server_account()
    if account.is_other:
        for path in (home, users, file):
            os.chown(path, account.uid, account.gid)
    process = subprocess.Popen([program, "-q", str(file)], cwd=home, stderr=subprocess.PIPE, **account.identity())
    try:
        url = f"postgresql://{parts.username}:{parts.password}@127.0.0.1:{port}{parts.path}"
        _wait(process, url)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def _configuration(program: str, place: Place, home: Path, port: int, size: int) -> configparser.ConfigParser:
    """Return the configuration that infra/ ships, with other addresses, a pool of `size`, and a log."""
    parts = urlsplit(place.runtime_url)
    query, name = parse_qs(parts.query), parts.path.lstrip("/")
    host = query.get("host", [parts.hostname or ""])[0]
    shipped = configparser.ConfigParser()
    shipped.read(SHIPPED, encoding="utf-8")
    shipped["databases"] = {name: f"host={host} port={query.get('port', [str(parts.port or 5432)])[0]} dbname={name}"}
    shipped["pgbouncer"].update(
        listen_addr="127.0.0.1", listen_port=str(port), auth_file=str(home / "users"), default_pool_size=str(size),
        min_pool_size=str(size), reserve_pool_size="0", logfile=str(home / "pgbouncer.log"),
    )  # fmt: skip
    if version_of(program) < KEEPS_STATEMENTS:
        del shipped["pgbouncer"]["max_prepared_statements"]
    return shipped


def version_of(program: str) -> tuple[int, ...]:
    """Return the version of a PgBouncer."""
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(int(part) for part in said.split()[1].split("."))


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
