"""Point-in-time recovery as docs/operations.md tells it: a base backup, the WAL since, the moment before a mistake."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import psycopg
import pytest

from saas_crm.app import create_app
from tenants.embedded import EmbeddedServer
from tenants.embedded.binaries import find_binaries
from tests.fault.conftest import Doomed
from tests.support.clients import phone_of
from tests.support.installation import dispose, place_of, settings_for, temporary_folder

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="hands files over to the server's account")


def made(installation: Doomed, name: str) -> None:
    assert phone_of(installation.app, installation.owner).post("/companies", json={"name": name}).status_code == 201


def names(app: Any, installation: Doomed) -> set[str]:
    answer = phone_of(app, installation.owner).get("/companies")
    assert answer.status_code == 200, answer.text
    return {company["name"] for company in answer.json["items"]}


def base_backup(installation: Doomed, target: Path) -> None:
    """Run pg_basebackup against the running server."""
    url = urlsplit(installation.server.address.owner_url())
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    subprocess.run(
        [find_binaries().folder / "pg_basebackup", "-D", target, "-c", "fast", "-X", "none",
         "-h", url.hostname or query["host"], "-p", str(url.port or query.get("port", "5432")),
         "-U", unquote(url.username or "")],
        env={**os.environ, "PGPASSWORD": unquote(url.password or "")}, check=True, capture_output=True,
    )  # fmt: skip


def archived_to_the_end(installation: Doomed) -> None:
    """End the present WAL file and wait until it is in the archive."""
    with psycopg.connect(installation.server.address.owner_url(), autocommit=True) as connection:
        [last] = connection.execute("SELECT pg_walfile_name(pg_current_wal_lsn())").fetchone() or ("",)
        connection.execute("SELECT pg_switch_wal()")
        for _ in range(600):
            if (connection.execute("SELECT last_archived_wal FROM pg_stat_archiver").fetchone() or ("",))[0] == last:
                return
            time.sleep(0.1)
    raise AssertionError("nothing came into the archive")


def recovered(server: EmbeddedServer) -> None:
    """Wait until the server has read the archive as far as it should, and takes writes."""
    with psycopg.connect(server.address.owner_url(), autocommit=True) as connection:
        for _ in range(600):
            if connection.execute("SELECT pg_is_in_recovery()").fetchone() == (False,):
                return
            time.sleep(0.1)
    raise AssertionError("the recovery does not end")


def test_a_mistake_is_undone_to_the_second_before(doomed: Callable[..., Doomed]) -> None:
    with temporary_folder("wal") as archive:
        archive.chmod(0o777)  # the server writes with an account of its own
        installation = doomed(
            wal_level="replica", archive_mode="on", archive_command=f"test ! -f {archive}/%f && cp %p {archive}/%f"
        )
        made(installation, "Before the backup")
        again = installation.folder / "again"
        shutil.copytree(installation.folder / "postgres", again, ignore=shutil.ignore_patterns("cluster", "lock", "s*"))
        base_backup(installation, again / "cluster")
        made(installation, "After the backup")
        with installation.place.owner() as connection:
            [moment] = connection.execute("SELECT clock_timestamp()::text").fetchone() or ("",)
            connection.execute(f"DROP SCHEMA {installation.tenant.schema_name} CASCADE")
        archived_to_the_end(installation)
        dispose(installation.app)
        installation.server.stop()

        (again / "cluster" / "recovery.signal").touch()
        owner = (installation.folder / "postgres" / "cluster").stat()
        for path in (again / "cluster", *(again / "cluster").rglob("*")):
            os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
        server = EmbeddedServer(again, extra_settings={
            "restore_command": f"cp {archive}/%f %p", "recovery_target_time": moment,
            "recovery_target_action": "promote",
        })  # fmt: skip
        with server:
            recovered(server)
            place = place_of(server.address.owner_url(), "doomed")
            app = create_app(settings_for(place, installation.folder, spare_tenants=1))
            try:
                assert names(app, installation) == {"Before the backup", "After the backup"}
                assert phone_of(app, installation.owner).post("/companies", json={"name": "Goes on"}).status_code == 201
            finally:
                dispose(app)
