"""The worker's part of restoring a file that an operator sent; the file goes with the restore, in its transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from saas_crm.operators.faults import Fault
from saas_crm.operators.restoring import asker, slug_now, told, write_end
from saas_crm.operators.work import OPEN_FOR, RESTORE_FILE, RESTORE_FILE_OVER
from saas_crm.workspaces.restoring import Restored, restore_as, restore_in_place
from saas_crm.workspaces.saving import scratch
from tenants.migrate import connect
from tenants.settings import Settings

KEPT = "1 day"
_UPLOAD = "SELECT size, digest, piece_size FROM public.operator_uploads WHERE id = %s"
_PIECE = "SELECT content FROM public.operator_upload_pieces WHERE upload_id = %s AND number = %s"
_FORGET = "DELETE FROM public.operator_uploads WHERE id = %s"
_OVER = """
    DELETE FROM public.operator_uploads u WHERE u.begun_at <= now() - %s::interval AND NOT EXISTS (
        SELECT FROM public.operator_work w WHERE w.kind = ANY(%s) AND w.asked ->> 'upload' = u.id::text
            AND w.state IN ('queued', 'running') AND w.asked_at > now() - %s)
"""
_THERE = "SELECT to_regclass('public.operator_uploads') IS NOT NULL"


def restore_upload(
    settings: Settings, connection: psycopg.Connection[Any], work_id: UUID, asked: dict[str, Any]
) -> None:  # fmt: skip
    """Make a new workspace of a file; raises Fault, and then nothing was changed."""
    with _fetched(connection, asked) as path:
        restore_as(
            settings.owner_url, settings.database_url, path, asked["slug"], name=asked.get("name", ""),
            through="command", operator=asker(connection, work_id), finish=partial(_finish, work_id, asked),
        )  # fmt: skip


def restore_upload_over(
    settings: Settings, connection: psycopg.Connection[Any], work_id: UUID, tenant_id: UUID, asked: dict[str, Any]
) -> int:
    """Put a file in the place of a workspace, whose present data is kept, closed; raises Fault."""
    with _fetched(connection, asked) as path:
        restore_in_place(
            settings.owner_url, settings.database_url, path, slug_now(connection, tenant_id), through="command",
            operator=asker(connection, work_id), finish=partial(_finish, work_id, asked),
        )  # fmt: skip
    return 1


@contextmanager
def _fetched(connection: psycopg.Connection[Any], asked: dict[str, Any]) -> Iterator[Path]:
    """Yield the file on a disk, where it is no longer afterwards; what a restore raises is raised as a Fault.

    A file that can never be restored is removed; where something else is in the way it is kept to be asked for again.
    """
    upload_id = UUID(asked["upload"])
    try:
        with told(), scratch() as folder:
            path = folder / "archive.zip"
            _fetch(connection, upload_id, path)
            yield path
    except Fault as fault:
        if fault.code in ("bad_archive", "newer"):
            connection.execute(_FORGET, [upload_id])
        raise


def _fetch(connection: psycopg.Connection[Any], upload_id: UUID, path: Path) -> None:
    """Write the file to a disk, a piece at a time; raises Fault where it is gone, or is not what its sender has."""
    row = connection.execute(_UPLOAD, [upload_id]).fetchone()
    if row is None:
        raise Fault("gone")
    size, wanted, piece_size = row
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for number in range(-(-size // piece_size)):
            piece = connection.execute(_PIECE, [upload_id, number], binary=True).fetchone()
            if piece is None:
                raise Fault("gone")
            digest.update(piece[0])
            file.write(piece[0])
    if digest.digest() != wanted:
        raise Fault("bad_archive", "its checksum differs")


def _finish(work_id: UUID, asked: dict[str, Any], connection: psycopg.Connection[Any], restored: Restored) -> None:
    """Write the end, and let go of the file; raises Fault where another worker was quicker."""
    details = {"file": asked["file"]} | ({"former": restored.former_slug} if restored.former_slug else {})
    write_end(work_id, details, connection, restored)
    connection.execute(_FORGET, [UUID(asked["upload"])])


def forget_uploads(owner_url: str) -> int:
    """Remove what was sent more than a day ago and is restored by nobody; returns how many files.

    Where the shared tables are a release behind there are none.
    """
    with connect(owner_url) as connection:
        if connection.execute(_THERE).fetchone() != (True,):
            return 0
        return connection.execute(_OVER, [KEPT, [RESTORE_FILE, RESTORE_FILE_OVER], OPEN_FOR]).rowcount
