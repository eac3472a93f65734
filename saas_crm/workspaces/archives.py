"""The archive of a whole workspace, as a member asks for it on the website: made by a job, kept for some days.

The file lies in the database, in pieces, so that any web process can hand out what any worker made, with nothing to set
up; it goes with its workspace, and is in nobody's memory as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import Engine, delete, select

from saas_crm.access.permissions import PERMISSIONS, CurrentMember
from saas_crm.access.role_rules import OWNER
from saas_crm.core.audit import record_beside
from saas_crm.core.clock import now
from saas_crm.core.errors import Forbidden, InvalidInput, NotFound
from saas_crm.core.i18n import gettext as _
from saas_crm.core.jobs import defer
from saas_crm.workspaces.letters import Reader, archive_ready, post
from saas_crm.workspaces.noting import note
from saas_crm.workspaces.saving import save, scratch
from saas_crm.workspaces.standing import held_for
from tenants.address import address_of
from tenants.context import ActiveTenant, entry_statement
from tenants.db import AnyRow, new_id
from tenants.directory import shared_engine, shared_reader
from tenants.migrate import connect
from tenants.models import Archive, ArchivePiece
from tenants.one_at_a_time import let_go

KEPT = timedelta(days=7)
PATIENCE = timedelta(hours=6)
"""After so long an archive that was asked for is given up: another one may be asked for."""
PIECE = 1 << 20
PAGE = "/settings/archives"
_NOT_IN_IT = frozenset({"token:read", "billing:read"})
"""What an archive has nothing of: tokens, and what the workspace pays."""
_WHOLE = frozenset(name for name in PERMISSIONS if name.endswith((":read", ":export"))) - _NOT_IN_IT
_WAITING = """
    SELECT count(*) FROM public.archives
    WHERE tenant_id = %s AND made_at IS NULL AND error IS NULL AND asked_at > now() - %s
"""
_ASK = "INSERT INTO public.archives (id, tenant_id, member_id) VALUES (%s, %s, %s)"
_HOLD = "SELECT member_id, tenant_id FROM public.archives WHERE id = %s AND made_at IS NULL FOR UPDATE"
_REPLACED = "DELETE FROM public.archives WHERE tenant_id = %s AND member_id = %s AND id <> %s AND asked_at <= now()"
_EMPTY = "DELETE FROM public.archive_pieces WHERE archive_id = %s"
_PIECE = "INSERT INTO public.archive_pieces (archive_id, number, content) VALUES (%s, %s, %s)"
_MADE = """
    UPDATE public.archives SET made_at = now(), expires_at = now() + %s, size = %s, rows = %s, error = NULL
    WHERE id = %s
"""
_FAILED = "UPDATE public.archives SET error = %s WHERE id = %s AND made_at IS NULL"
_OVER = "DELETE FROM public.archives WHERE coalesce(expires_at, asked_at + %s) <= now()"
_READER = "SELECT name, email, locale FROM members WHERE id = %s AND status = 'active'"


def may_take_everything(member: CurrentMember) -> bool:
    """Whether a member may take the whole workspace along: its owner, or who administers it and sees and exports all.

    The archive has everything in it, so who has a field, a record or a closed unit kept from them has no part in it.
    """
    if member.role_key == OWNER:
        return True
    whole = all(member.scope(name) == "all" for name in _WHOLE)
    return whole and member.can("workspace:update") and not member.fields and not member.walls


def check_may(member: CurrentMember) -> None:
    """Raise Forbidden for who may not."""
    if not may_take_everything(member):
        raise Forbidden("workspace:update")


def ask_archive(database_url: str, tenant: ActiveTenant, *, actor: CurrentMember) -> UUID:
    """Let a job make the archive, one at a time in a workspace; raises Forbidden, InvalidInput and NotFound."""
    check_may(actor)
    archive_id = new_id()
    with held_for(database_url, tenant) as (connection, tenant_id, _status):
        if connection.execute(_WAITING, [tenant_id, PATIENCE]).fetchone() != (0,):
            raise InvalidInput({"": _("An archive is being made already; a mail tells when it is ready.")})
        connection.execute(_ASK, [archive_id, tenant_id, actor.id])
        note(connection, tenant_id, "ask_archive", member_id=actor.id, through="web")
        defer(connection, "workspaces.make_archive", archive_id=str(archive_id))
    return archive_id


def make_archive(database_url: str, base_url: str, tenant: ActiveTenant, archive_id: UUID) -> None:
    """Make an archive that was asked for and tell by mail that it is ready; made before or gone, nothing happens."""
    try:
        with scratch() as folder:
            path = folder / "archive.zip"
            manifest = save(database_url, tenant.slug, path)
            rows = sum(entry.lines or 0 for name, entry in manifest.files.items() if name.startswith("tables/"))
            with connect(database_url) as connection, connection.transaction():
                asker = _keep(connection, archive_id, path, rows)
                if asker is not None:
                    _tell(connection, tenant, asker, f"{address_of(tenant, base_url)}{PAGE}")
    except Exception as failed:
        with connect(database_url) as connection:
            connection.execute(_FAILED, [type(failed).__name__, archive_id])
        raise


def _keep(connection: psycopg.Connection[Any], archive_id: UUID, path: Path, rows: int) -> UUID | None:
    """Store the file in pieces, in the place of those that the member had before.

    Returns the member who asked, None where it was made before or is gone.
    """
    row = connection.execute(_HOLD, [archive_id]).fetchone()
    if row is None:
        return None
    asker: UUID = row[0]
    connection.execute(_EMPTY, [archive_id])
    with path.open("rb") as file:
        for number, piece in enumerate(iter(partial(file.read, PIECE), b"")):
            connection.execute(_PIECE, [archive_id, number, piece])
    connection.execute(_MADE, [KEPT, path.stat().st_size, rows, archive_id])
    connection.execute(_REPLACED, [row[1], asker, archive_id])
    return asker


def _tell(connection: psycopg.Connection[Any], tenant: ActiveTenant, member_id: UUID, url: str) -> None:
    connection.execute(entry_statement(tenant.role_name, tenant.schema_name, 15_000))
    readers = [Reader(*row) for row in connection.execute(_READER, [member_id])]
    post(connection, readers, partial(archive_ready, workspace=tenant.name, days=KEPT.days, url=url))


def archives_of(tenant: ActiveTenant) -> Sequence[AnyRow]:
    """Return the archives that were asked for and are kept, the latest first."""
    query = (
        select(Archive.id, Archive.member_id, Archive.asked_at, Archive.made_at, Archive.expires_at, Archive.size,
               Archive.rows, Archive.error)
        .where(Archive.tenant_id == tenant.id, Archive.expires_at.is_(None) | (Archive.expires_at > now()))
        .order_by(Archive.asked_at.desc(), Archive.id.desc())
        .limit(50)
    )  # fmt: skip
    let_go()
    with shared_reader() as connection:
        return list(connection.execute(query))


def archive_for(tenant: ActiveTenant, archive_id: UUID, *, actor: CurrentMember) -> AnyRow:
    """Return an archive that a member asked for themselves and may download; raises NotFound and Forbidden."""
    check_may(actor)
    found = next((row for row in archives_of(tenant) if row.id == archive_id and row.member_id == actor.id), None)
    if found is None or found.made_at is None:
        raise NotFound
    return found


def pieces_of(archive_id: UUID) -> Iterator[bytes]:
    """Return an archive's file, piece by piece; no connection is held between two of them.

    What is returned needs no request any more.
    """
    return _pieces(shared_engine(), archive_id)


def _pieces(engine: Engine, archive_id: UUID) -> Iterator[bytes]:
    for number in count():
        wanted = ArchivePiece.archive_id == archive_id, ArchivePiece.number == number
        with engine.connect() as connection:
            piece: bytes | None = connection.scalar(select(ArchivePiece.content).where(*wanted))
        if piece is None:
            return
        yield piece


def remove_archive(tenant: ActiveTenant, archive_id: UUID, *, actor: CurrentMember) -> None:
    """Remove an archive before its time, whoever asked for it; raises NotFound and Forbidden."""
    check_may(actor)
    let_go()
    with shared_engine().begin() as connection:
        gone = connection.execute(delete(Archive).where(Archive.id == archive_id, Archive.tenant_id == tenant.id))
        if not gone.rowcount:
            raise NotFound
        record_beside(connection, tenant, "remove_archive")


def forget_archives(database_url: str) -> int:
    """Remove the archives whose time is over; returns how many."""
    with connect(database_url) as connection:
        return connection.execute(_OVER, [KEPT]).rowcount
