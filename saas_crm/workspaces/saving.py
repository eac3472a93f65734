"""A workspace's archive: everything it has, as an operator, a backup or its owner takes it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from saas_crm.core.clock import now
from saas_crm.workspaces.noting import note_alone
from saas_crm.workspaces.people import add_people
from saas_crm.workspaces.sheets import add_sheets
from tenants.archive.manifest import Manifest
from tenants.archive.writing import ArchiveWriter, write_archive

_SCRATCH = "crm-archive-"
STALE = timedelta(hours=12)
"""So old, what lies there is of a process that was killed."""


@contextmanager
def scratch() -> Iterator[Path]:
    """Yield a folder for files as large as a workspace, below TMPDIR, which should be on a disk; gone afterwards."""
    with tempfile.TemporaryDirectory(prefix=_SCRATCH) as folder:
        yield Path(folder)


def sweep() -> int:
    """Remove what processes that were killed have left in such folders; returns how many."""
    before = (now() - STALE).timestamp()
    old = [each for each in Path(tempfile.gettempdir()).glob(f"{_SCRATCH}*") if each.stat().st_mtime < before]
    for folder in old:
        shutil.rmtree(folder, ignore_errors=True)
    return len(old)


def save(database_url: str, slug: str, target: Path) -> Manifest:
    """Write the archive of a workspace to a file, in one moment of it; people go on working meanwhile.

    The login of the running application is enough. Raises UnknownTenant, and OSError where the file cannot be written.
    """
    people: list[UUID] = []

    def within(connection: psycopg.Connection[Any], writer: ArchiveWriter) -> None:
        people.extend(user_id for (user_id,) in connection.execute("SELECT user_id FROM members ORDER BY user_id"))
        add_sheets(connection, writer)

    def outside(connection: psycopg.Connection[Any], writer: ArchiveWriter) -> None:
        add_people(connection, people, writer)

    return write_archive(database_url, slug, target, within=within, outside=outside)


def export_to(database_url: str, slug: str, target: Path) -> Manifest:
    """Write the archive to a file and a line into the workspace's log: neither is there without the other.

    Raises what `save` does.
    """
    manifest = save(database_url, slug, target)
    try:
        note_alone(database_url, slug, "export")
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return manifest
