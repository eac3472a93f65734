"""A table's rows as JSON Lines, out of the database and into it, by COPY.

JSON has no control characters, so CSV with two of them as quote and delimiter passes each line as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import psycopg
from psycopg import sql

from tenants.archive.catalog import Table, columns_in

_RAW = sql.SQL("(FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')")
_BATCH = 1 << 18


def rows_of(connection: psycopg.Connection[Any], schema: str, table: Table) -> Iterator[bytes]:
    """Yield a table's rows, each a line with its end, in the order of its key, in UTC."""
    query = sql.SQL("COPY (SELECT row_to_json(r) FROM (SELECT {} FROM {} ORDER BY {}) r) TO STDOUT {}").format(
        columns_in(table.columns), sql.Identifier(schema, table.name), columns_in(table.key), _RAW
    )
    with connection.cursor() as cursor, cursor.copy(query) as copy:
        yield from (bytes(line) for line in copy)


def put_rows(connection: psycopg.Connection[Any], schema: str, table: Table, lines: Iterable[bytes]) -> None:
    """Put rows into a table; raises psycopg.DataError for what is no JSON or does not fit a column."""
    staging = sql.Identifier(schema, "archive_lines")
    connection.execute(sql.SQL("CREATE UNLOGGED TABLE {} (line json NOT NULL)").format(staging))
    with connection.cursor() as cursor, cursor.copy(sql.SQL("COPY {} FROM STDIN {}").format(staging, _RAW)) as copy:
        for batch in in_batches(lines):
            copy.write(batch)
    connection.execute(
        sql.SQL("INSERT INTO {t} ({c}) SELECT {c} FROM {s} s, json_populate_record(NULL::{t}, s.line)").format(
            t=sql.Identifier(schema, table.name), c=columns_in(table.columns), s=staging
        )
    )
    connection.execute(sql.SQL("DROP TABLE {}").format(staging))


def in_batches(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Yield lines joined to pieces that are worth a call of their own."""
    held, size = [], 0
    for line in lines:
        held.append(line)
        size += len(line)
        if size >= _BATCH:
            yield b"".join(held)
            held, size = [], 0
    if held:
        yield b"".join(held)
