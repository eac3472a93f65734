"""An archive's file that an operator sends: taken in pieces, each once, and looked at before a worker restores it.

The file lies in the database until then. Web processes know no place for backups, which may be a folder of the worker's
own machine; the database is what both of them reach.
"""

from __future__ import annotations

import hashlib
import typing
from dataclasses import dataclass
from functools import partial
from typing import IO
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, String, cast, delete, exists, func, select, text
from sqlalchemy.dialects.postgresql import insert

from saas_crm.core.clock import now
from saas_crm.core.errors import InvalidInput, NotFound
from saas_crm.core.i18n import gettext as _
from saas_crm.operators import work
from saas_crm.operators.acts import Place, Who
from saas_crm.operators.models import OperatorUpload, OperatorUploadPiece, OperatorWork
from saas_crm.operators.schemas import RestoreAs, UploadTold
from saas_crm.operators.upload_reading import PiecedFile
from tenants.archive.manifest import TenantEntry
from tenants.archive.reading import BadArchive, NewerArchive, manifest_of
from tenants.db import SHARED, db, new_id
from tenants.directory import shared_reader

PIECE = 4 << 20
"""Bytes of a piece, where a request may have so many."""
FIELD = "file"
_ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended('upload of an operator ' || :whose, 0))")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that is coming in: which numbers of its pieces are here, in their order."""

    id: UUID
    name: str
    size: int
    digest: bytes
    piece_size: int
    here: tuple[int, ...]

    @property
    def pieces(self) -> int:
        """How many pieces it has."""
        return -(-self.size // self.piece_size)

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing."""
        return len(self.here) == self.pieces

    @property
    def percent(self) -> int:
        """How much of it is here."""
        return 100 * len(self.here) // self.pieces

    def length_of(self, number: int) -> int:
        """Return how many bytes a piece has; 0 where there is none of this number."""
        return max(min(self.piece_size, self.size - number * self.piece_size), 0)


def begin(who: Who, told: UploadTold, *, most: int, piece_size: int) -> Upload:
    """Begin to take a file, or go on with it where it stopped; raises InvalidInput for one that is too large.

    An operator has one at a time: what they began before goes, unless a worker restores it just now.
    """
    if told.size > most:
        raise InvalidInput({FIELD: _("The file is too large: at most %(most)s MB.", most=most // 1_000_000)})
    digest, table = bytes.fromhex(told.sha256), OperatorUpload
    mine = table.operator_id == who.operator_id
    with db.engines[SHARED].begin() as connection:
        connection.execute(_ALONE, {"whose": str(who.operator_id)})
        same = select(table.id).where(mine, table.size == told.size, table.digest == digest, ~_at_work())
        upload_id = connection.scalar(same.limit(1))
        connection.execute(delete(table).where(mine, ~_at_work(), table.id.is_distinct_from(upload_id)))
        if upload_id is None:
            upload_id = new_id()
            connection.execute(insert(table).values(
                id=upload_id, operator_id=who.operator_id, name=told.file_name, size=told.size, digest=digest,
                piece_size=piece_size,
            ))  # fmt: skip
    return upload_of(who, upload_id)


def _at_work() -> ColumnElement[bool]:
    asked = OperatorWork
    return exists().where(
        asked.kind.in_((work.RESTORE_FILE, work.RESTORE_FILE_OVER)), asked.state.in_(("queued", "running")),
        asked.asked_at > now() - work.OPEN_FOR, asked.asked["upload"].astext == cast(OperatorUpload.id, String),
    )  # fmt: skip


def upload_of(who: Who, upload_id: UUID) -> Upload:
    """Return an upload of one's own; raises NotFound for another's, and for what is gone."""
    found = _found(OperatorUpload.id == upload_id, OperatorUpload.operator_id == who.operator_id)
    if found is None:
        raise NotFound
    return found


def held(who: Who) -> Upload | None:
    """Return the file that an operator has sent last, be it whole or not, and that nobody restores yet."""
    return _found(OperatorUpload.operator_id == who.operator_id, ~_at_work())


def _found(*conditions: ColumnElement[bool]) -> Upload | None:
    table, piece = OperatorUpload, OperatorUploadPiece
    numbers = select(func.array_agg(piece.number)).where(piece.upload_id == table.id).scalar_subquery()
    query = (
        select(table.id, table.name, table.size, table.digest, table.piece_size, numbers)
        .where(*conditions)
        .order_by(table.id.desc())
        .limit(1)
    )
    with shared_reader() as connection:
        row = connection.execute(query).one_or_none()
    if row is None:
        return None
    upload_id, name, size, digest, piece_size, here = row
    return Upload(upload_id, name, size, digest, piece_size, tuple(sorted(here or ())))


def put_piece(who: Who, upload_id: UUID, number: int, content: bytes) -> None:
    """Keep a piece; one that is here already stays as it is.

    Raises NotFound for another's upload, and InvalidInput for a number or a length that its file does not have.
    """
    upload = upload_of(who, upload_id)
    if not content or len(content) != upload.length_of(number):
        raise InvalidInput({FIELD: _("This piece does not belong to the file.")})
    table = OperatorUploadPiece
    new = insert(table).values(upload_id=upload_id, number=number, content=content).on_conflict_do_nothing()
    with db.engines[SHARED].begin() as connection:
        connection.execute(new)


def take(who: Who, file: IO[bytes], name: str, *, most: int) -> Upload:
    """Take a whole file that a form brought, in pieces like any other; raises InvalidInput."""
    digest = hashlib.sha256()
    for content in iter(partial(file.read, PIECE), b""):
        digest.update(content)
    if not (size := file.tell()):
        raise InvalidInput({FIELD: _("The file is empty.")})
    upload = begin(who, UploadTold(file_name=name, size=size, sha256=digest.hexdigest()), most=most, piece_size=PIECE)
    file.seek(0)
    for number, content in enumerate(iter(partial(file.read, upload.piece_size), b"")):
        put_piece(who, upload.id, number, content)
    return upload_of(who, upload.id)


def check(upload: Upload) -> TenantEntry:
    """Look whether a file is whole, is what its sender has, and is an archive that can be restored here.

    Returns the workspace that it says it is of. Raises InvalidInput where it is not. Then nothing of it is kept, but
    where pieces are only missing yet.
    """
    if not upload.is_whole:
        raise InvalidInput({FIELD: _("The file did not come in as a whole. Choose it again, and it goes on.")})
    with shared_reader() as connection:
        file = PiecedFile(connection, upload.id, upload.size, upload.piece_size)
        found = _archived(upload, file)
    if isinstance(found, str):
        forget(upload.id)
        raise InvalidInput({FIELD: found})
    return found


def _archived(upload: Upload, file: PiecedFile) -> TenantEntry | str:
    """Return whose archive it is, or why it is none."""
    if _digest(upload, file) != upload.digest:
        return _("The file was damaged on its way, or changed meanwhile. Choose it again.")
    try:
        return manifest_of(typing.cast("IO[bytes]", file), upload.size).tenant
    except NewerArchive:
        return _("The archive was written by a newer release. Bring this installation up to it first.")
    except BadArchive:
        return _("This is not the archive of a workspace, or it is damaged.")


def _digest(upload: Upload, file: PiecedFile) -> bytes:
    """Return the SHA-256 of what is here; of nothing where it went meanwhile, since another file was begun."""
    digest = hashlib.sha256()
    try:
        for number in range(upload.pieces):
            digest.update(file.piece(number))
    except OSError:
        return b""
    return digest.digest()


def forget(upload_id: UUID) -> None:
    """Remove a file with its pieces."""
    with db.engines[SHARED].begin() as connection:
        connection.execute(delete(OperatorUpload).where(OperatorUpload.id == upload_id))


def ask_restore(who: Who, upload: Upload, said: RestoreAs) -> bool:
    """Ask the worker to make a new workspace of a file unless it was asked to already; says whether it did."""
    with db.engines[SHARED].begin() as connection:
        if _is_asked_for(connection, who, upload):
            return False
        work.ask_in(connection, who, work.RESTORE_FILE, upload=str(upload.id), file=upload.name, slug=said.slug,
                    name=said.name)  # fmt: skip
    return True


def ask_restore_over(who: Who, upload: Upload, place: Place) -> bool:
    """Ask the worker to put a file in the place of a workspace; says whether it did.

    It does not where this was asked for already, or the workspace is being restored or deleted.
    """
    with db.engines[SHARED].begin() as connection:
        if _is_asked_for(connection, who, upload) or work.is_under_way(connection, place, work.ALONE):
            return False
        work.ask_in(connection, who, work.RESTORE_FILE_OVER, place, upload=str(upload.id), file=upload.name)
    return True


def _is_asked_for(connection: Connection, who: Who, upload: Upload) -> bool:
    connection.execute(_ALONE, {"whose": str(who.operator_id)})
    waiting = select(OperatorUpload.id).where(OperatorUpload.id == upload.id, _at_work())
    return connection.execute(waiting).first() is not None
