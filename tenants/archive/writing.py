"""Writes an archive: one moment of a workspace, in one transaction, while its people go on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import psycopg
from psycopg.rows import dict_row

from tenants.archive.catalog import tables_of
from tenants.archive.manifest import MANIFEST, Entry, Manifest, TenantEntry, table_path
from tenants.archive.rows import in_batches, rows_of
from tenants.context import entry_statement
from tenants.migrate import connect

_TENANT = (
    "SELECT id, slug, name, locale, country, currency, timezone, search_rules, schema_name, role_name, schema_version,"
    " now() AS at FROM public.tenants WHERE slug = %s"
)
More = Callable[[psycopg.Connection[Any], "ArchiveWriter"], None]
"""Adds files of a room above to an archive."""


class UnknownTenant(LookupError):
    """No workspace has this slug."""


class ArchiveWriter:
    """An archive in the making: files go in one after the other, the manifest last."""

    def __init__(self, file: ZipFile, moment: datetime) -> None:
        self._file, self._date = file, moment.timetuple()[:6]
        self.files: dict[str, Entry] = {}

    def add_lines(self, path: str, lines: Iterable[bytes]) -> Entry:
        """Add a text of lines."""
        digest, count, size = hashlib.sha256(), 0, 0
        with self._file.open(self._info(path), "w", force_zip64=True) as target:
            for batch in in_batches(lines):
                digest.update(batch)
                count, size = count + batch.count(b"\n"), size + len(batch)
                target.write(batch)
        self.files[path] = Entry(lines=count, size=size, sha256=digest.hexdigest())
        return self.files[path]

    def add_bytes(self, path: str, content: bytes) -> None:
        """Add a file that is whole already."""
        self._file.writestr(self._info(path), content)
        self.files[path] = Entry(size=len(content), sha256=hashlib.sha256(content).hexdigest())

    def finish(self, manifest: Manifest) -> None:
        """Put the manifest in."""
        self._file.writestr(self._info(MANIFEST), manifest.model_dump_json(indent=1))

    def _info(self, path: str) -> ZipInfo:
        info = ZipInfo(path, self._date)
        info.compress_type = ZIP_DEFLATED
        info.external_attr = 0o600 << 16
        return info


def write_archive(
    database_url: str, slug: str, target: Path, *, within: More | None = None, outside: More | None = None
) -> Manifest:
    """Write a workspace's archive to a file and return its manifest.

    Everything in it is of one moment (REPEATABLE READ), and nobody waits for it. The workspace's tables are read with
    its own role, as its pages are, so no fault here can reach another one's; `within` adds files with that role, and
    `outside` adds what the shared tables have. It is written beside the target and takes its place when it is whole.
    Raises UnknownTenant, and OSError where the file cannot be written.
    """
    partial = target.with_name(f".{target.name}.partial")
    try:
        with _moment(database_url) as connection:
            found = connection.cursor(row_factory=dict_row).execute(_TENANT, [slug]).fetchone()
            if found is None:
                raise UnknownTenant(slug)
            partial.touch(mode=0o600)
            with ZipFile(partial, "w", ZIP_DEFLATED, compresslevel=3) as file:
                manifest = _write(connection, file, found, within or _nothing, outside or _nothing)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return manifest


def _nothing(*_: object) -> None:
    """Add nothing."""


@contextmanager
def _moment(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    with connect(database_url) as connection:
        connection.autocommit = False
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        yield connection


def _write(
    connection: psycopg.Connection[Any], file: ZipFile, found: dict[str, Any], within: More, outside: More
) -> Manifest:
    schema, role = found.pop("schema_name"), found.pop("role_name")
    revision, made_at = found.pop("schema_version"), found.pop("at")
    writer = ArchiveWriter(file, made_at)
    connection.execute(entry_statement(role, schema, 0))
    connection.execute("SET LOCAL timezone = 'UTC'")
    for table in tables_of(connection, schema):
        writer.add_lines(table_path(table.name), rows_of(connection, schema, table))
    within(connection, writer)
    connection.execute("SET LOCAL ROLE NONE")
    outside(connection, writer)
    tenant = TenantEntry.model_validate(found)
    manifest = Manifest(made_at=made_at, revision=revision, tenant=tenant, files=writer.files)
    writer.finish(manifest)
    return manifest
