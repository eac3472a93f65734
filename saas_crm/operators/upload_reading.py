"""A file that lies in the database in pieces, read as if it were on a disk: only the pieces that are asked for."""

from __future__ import annotations

from io import SEEK_CUR, SEEK_END, SEEK_SET, RawIOBase
from uuid import UUID

from sqlalchemy import Connection

_PIECE = "SELECT content FROM public.operator_upload_pieces WHERE upload_id = %s AND number = %s"
LONGEST_READ = 8 << 20
"""So many bytes are asked for at once by nobody but who was told so by the file: a directory of 100,000 entries."""


class PiecedFile(RawIOBase):
    """The file, one piece of it in memory at a time. Raises OSError where a piece is missing, or too much is asked."""

    def __init__(self, connection: Connection, upload_id: UUID, size: int, piece_size: int) -> None:
        self._connection, self._upload_id = connection, upload_id
        self._size, self._piece_size = size, piece_size
        self._at, self._number, self._content = 0, -1, b""

    def piece(self, number: int) -> bytes:
        """Return a piece."""
        if number != self._number:
            content = self._content_of(number)
            if content is None:
                raise OSError(f"piece {number} is gone")
            self._number, self._content = number, content
        return self._content

    def _content_of(self, number: int) -> bytes | None:
        """Ask by the driver: it takes bytes as they are, and not as twice as many hexadecimal digits."""
        cursor = self._connection.connection.cursor(binary=True)
        try:
            cursor.execute(_PIECE, [self._upload_id, number])
            row = cursor.fetchone()
        finally:
            cursor.close()
        return row[0] if row is not None else None

    def seekable(self) -> bool:
        """Return that one can go to and fro in it."""
        return True

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def tell(self) -> int:
        """Return where the next byte is read."""
        return self._at

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        """Go to a place and return it; raises OSError for one before the beginning."""
        at = offset + {SEEK_SET: 0, SEEK_CUR: self._at, SEEK_END: self._size}[whence]
        if at < 0:
            raise OSError("before the beginning of the file")
        self._at = at
        return at

    def read(self, size: int | None = -1) -> bytes:
        """Return so many bytes, fewer only at the end; raises OSError for more than anybody needs at once."""
        rest = max(self._size - self._at, 0)
        wanted = rest if size is None or size < 0 else min(size, rest)
        if wanted > LONGEST_READ:
            raise OSError(f"{wanted} bytes at once")
        found = bytearray()
        while len(found) < wanted:
            number, begins = divmod(self._at, self._piece_size)
            part = self.piece(number)[begins : begins + wanted - len(found)]
            found += part
            self._at += len(part)
        return bytes(found)
