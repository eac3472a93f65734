"""Reads an archive, and believes nothing in it that the manifest and its checksums do not bear out."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from pydantic import ValidationError

from tenants.archive.manifest import MANIFEST, TABLES, Entry, Manifest
from tenants.versions import stands

_LONGEST_MANIFEST = 5_000_000
_LONGEST_LINE = 64_000_000
_LONGEST_CONTENT = 64_000_000
_PACKED, _MODEST = 100, 100_000_000
"""Rows with their keys shrink to a seventh or so: what shrank to less than a hundredth was made to fill the disk.
Below so many bytes nobody asks."""
_WAYS = frozenset({ZIP_STORED, ZIP_DEFLATED})
"""How files in it may be packed. Of bzip2 and LZMA `ZipFile` unpacks all that it has read, however little is asked for:
a few kilobytes would be gigabytes of memory, whatever the file says of its size."""

_NO_ZIP = (BadZipFile, RuntimeError, EOFError, OSError, OverflowError, ValueError, struct.error, zlib.error)
"""What `ZipFile` raises where bytes that somebody chose say nonsense: counts, names, ways of packing."""


class BadArchive(ValueError):
    """The file is no archive, is damaged, or is of a version that this release does not read."""


class NewerArchive(BadArchive):
    """The archive was written by a newer release than this one."""


class ArchiveReader:
    """An open archive whose manifest is in order."""

    def __init__(self, file: ZipFile, manifest: Manifest) -> None:
        self._file, self.manifest = file, manifest

    @property
    def tables(self) -> list[str]:
        """Return the names of the tables whose rows it has."""
        return [path.removeprefix(TABLES).removesuffix(".jsonl") for path in self.manifest.files if _is_table(path)]

    def lines(self, path: str) -> Iterator[bytes]:
        """Yield a file's lines; raises BadArchive at its end where it is not what was written."""
        entry = self._entry(path)
        digest, count, size = hashlib.sha256(), 0, 0
        for line in self._raw_lines(path):
            count, size = count + 1, size + len(line)
            if size > entry.size:
                break
            digest.update(line)
            yield line
        if (count, size, digest.hexdigest()) != (entry.lines, entry.size, entry.sha256):
            raise BadArchive(f"{path} is not what was written: its checksum differs")

    def content(self, path: str) -> bytes:
        """Return a file's bytes; raises BadArchive where they are not what was written."""
        entry = self._entry(path)
        if entry.size > _LONGEST_CONTENT:
            raise BadArchive(f"{path} is too large")
        with self._opened(path) as source:
            content = source.read(entry.size + 1)
        if hashlib.sha256(content).hexdigest() != entry.sha256:
            raise BadArchive(f"{path} is not what was written: its checksum differs")
        return content

    def _entry(self, path: str) -> Entry:
        if path not in self.manifest.files:
            raise BadArchive(f"{path} is missing")
        return self.manifest.files[path]

    def _raw_lines(self, path: str) -> Iterator[bytes]:
        with self._opened(path) as source:
            while line := source.readline(_LONGEST_LINE):
                yield line

    @contextmanager
    def _opened(self, path: str) -> Iterator[IO[bytes]]:
        try:
            with self._file.open(path) as source:
                yield source
        except KeyError:
            raise BadArchive(f"{path} is missing") from None
        except (BadZipFile, RuntimeError, EOFError, zlib.error) as damaged:  # it may be locked by a password
            raise BadArchive(f"{path} is damaged: {damaged}") from damaged


def _is_table(path: str) -> bool:
    return path.startswith(TABLES) and path.endswith(".jsonl")


@contextmanager
def reading(path: Path) -> Iterator[ArchiveReader]:
    """Open an archive; raises BadArchive where it is none, or is newer than this release, and OSError."""
    try:
        with ZipFile(path) as file:
            _check_members(file, path.stat().st_size)
            yield ArchiveReader(file, _manifest(file))
    except BadZipFile as damaged:
        raise BadArchive(f"{path.name} is no archive of a workspace, or not the whole of one") from damaged


def manifest_of(file: IO[bytes], size: int) -> Manifest:
    """Return the manifest of an archive of so many bytes, reading little else; raises BadArchive as `reading` does."""
    try:
        with ZipFile(file) as opened:
            _check_members(opened, size)
            return _manifest(opened)
    except BadArchive:
        raise
    except _NO_ZIP as damaged:
        raise BadArchive("it is no archive of a workspace, or not the whole of one") from damaged


def _check_members(file: ZipFile, packed: int) -> None:
    """Refuse what would unpack to what no workspace is; `ZipFile` gives out no more than a member says it has."""
    if any(member.compress_type not in _WAYS for member in file.infolist()):
        raise BadArchive("it is packed in a way in which no archive is")
    unpacked = sum(member.file_size for member in file.infolist())
    if unpacked > max(_MODEST, _PACKED * packed):
        raise BadArchive(f"it would unpack to {unpacked / 1e6:,.0f} MB, which no workspace is")


def _manifest(file: ZipFile) -> Manifest:
    try:
        with file.open(MANIFEST) as source:
            manifest = Manifest.model_validate_json(source.read(_LONGEST_MANIFEST))
    except (KeyError, ValidationError) as wrong:
        raise BadArchive("it has no manifest that this release can read") from wrong
    except (RuntimeError, EOFError, zlib.error) as wrong:  # it is locked by a password, packed in another way, or cut
        raise BadArchive("its manifest cannot be unpacked") from wrong
    if stands("tenant", manifest.revision) == "newer":
        raise NewerArchive(f"it was written by a newer release (tables at {manifest.revision})")
    if missing := manifest.files.keys() - set(file.namelist()):
        raise BadArchive(f"{', '.join(sorted(missing)[:3])} of its manifest is missing")
    return manifest
