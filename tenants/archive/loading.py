"""Puts an archive's rows into a new schema, in one transaction, and looks whether all of it has arrived."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg import sql

from tenants.archive.catalog import ForeignKey, Table, foreign_keys_of, tables_of
from tenants.archive.manifest import table_path
from tenants.archive.reading import ArchiveReader, BadArchive
from tenants.archive.rows import put_rows, rows_of
from tenants.migrate import apply_steps, connect
from tenants.migrations.lines import Step, steps, steps_after
from tenants.provisioning import script

_TOO_MUCH = (psycopg.errors.StatementTooComplex, psycopg.errors.ProgramLimitExceeded)
"""What PostgreSQL says of values that are nested too deeply, or too large for their type."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A schema with an archive's rows, at this release's version; it is lost unless the transaction is committed."""

    connection: psycopg.Connection[Any]
    schema: str


@contextmanager
def loading(owner_url: str, runtime_url: str, reader: ArchiveReader) -> Iterator[Loaded]:
    """Make a role and a schema with all rows of an archive; committed when the block ends well, else wholly undone.

    The tables are made as they were when the archive was written, filled, compared with the archive row by row, and
    only then migrated: what a migration does to old rows it does to these. Raises BadArchive.
    """
    with connect(owner_url) as connection, connection.transaction():
        schema = _make_schema(connection, runtime_url, reader.manifest.revision)
        tables = _tables(connection, schema, reader)
        with _unguarded(connection, schema, tables):
            try:
                _fill(connection, schema, tables, reader)
            except (psycopg.DataError, psycopg.IntegrityError, *_TOO_MUCH) as wrong:
                raise BadArchive(f"its rows do not fit its tables: {wrong.diag.message_primary}") from wrong
            _compare(connection, schema, tables, reader)
        apply_steps(connection, schema, schema, steps_after("tenant", reader.manifest.revision))
        yield Loaded(connection, schema)


def _make_schema(connection: psycopg.Connection[Any], runtime_url: str, revision: str) -> str:
    schema = f"t_{secrets.token_hex(8)}"
    login = unquote(urlsplit(runtime_url).username or connection.info.user)
    connection.execute("SET LOCAL timezone = 'UTC'; SET LOCAL statement_timeout = 0")
    connection.execute(script(schema, login, _until(revision)).encode())
    return schema


def _until(revision: str) -> tuple[Step, ...]:
    found = steps("tenant")
    return found[: [step.revision for step in found].index(revision) + 1]


def _tables(connection: psycopg.Connection[Any], schema: str, reader: ArchiveReader) -> list[Table]:
    """Return the tables to fill; only names that the schema itself has are ever used in SQL."""
    tables = tables_of(connection, schema)
    if {table.name for table in tables} != set(reader.tables):
        raise BadArchive(f"its tables are not those of version {reader.manifest.revision}")
    return tables


@contextmanager
def _unguarded(connection: psycopg.Connection[Any], schema: str, tables: list[Table]) -> Iterator[None]:
    """Take foreign keys away and switch triggers off, and put both back: rows come table by table, as they were."""
    keys = foreign_keys_of(connection, schema)
    for key in keys:
        _alter(connection, schema, key.table, sql.SQL("DROP CONSTRAINT {}").format(sql.Identifier(key.name)))
    for table in tables:
        _alter(connection, schema, table.name, sql.SQL("DISABLE TRIGGER USER"))
    yield
    for table in tables:
        _alter(connection, schema, table.name, sql.SQL("ENABLE TRIGGER USER"))
    for key in keys:
        _add_again(connection, schema, key)


def _add_again(connection: psycopg.Connection[Any], schema: str, key: ForeignKey) -> None:
    definition = sql.SQL(key.definition)  # PostgreSQL's own words of a moment ago
    try:
        _alter(
            connection, schema, key.table,
            sql.SQL("ADD CONSTRAINT {} {}").format(sql.Identifier(key.name), definition),
        )  # fmt: skip
    except psycopg.errors.ForeignKeyViolation as wrong:
        raise BadArchive(f"its rows name others that are missing: {wrong.diag.message_primary}") from wrong


def _alter(connection: psycopg.Connection[Any], schema: str, table: str, change: sql.Composable) -> None:
    connection.execute(sql.SQL("ALTER TABLE {} {}").format(sql.Identifier(schema, table), change))


def _fill(connection: psycopg.Connection[Any], schema: str, tables: list[Table], reader: ArchiveReader) -> None:
    names = sql.SQL(", ").join(sql.Identifier(schema, table.name) for table in tables)
    connection.execute(sql.SQL("TRUNCATE {}").format(names))  # some come with a first row
    for table in tables:
        put_rows(connection, schema, table, reader.lines(table_path(table.name)))


def _compare(connection: psycopg.Connection[Any], schema: str, tables: list[Table], reader: ArchiveReader) -> None:
    """Write every table out once more and compare: what a column would not take as it was is no silent loss."""
    for table in tables:
        digest = hashlib.sha256()
        for line in rows_of(connection, schema, table):
            digest.update(line)
        if digest.hexdigest() != reader.manifest.files[table_path(table.name)].sha256:
            raise BadArchive(f"rows of {table.name} came back otherwise than they were written")
