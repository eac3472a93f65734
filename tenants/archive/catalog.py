"""Which tables a workspace has, read from the database itself: a new table is in the archive without a word here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

TRANSIENT = frozenset({"idempotency_keys"})
"""Answers kept for a day so that a request sent twice is done once: of no use to anybody afterwards."""

_TABLES = """
    SELECT c.relname,
        (SELECT array_agg(a.attname ORDER BY a.attnum) FROM pg_attribute a
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''),
        (SELECT array_agg(a.attname ORDER BY array_position(i.indkey::int2[], a.attnum)) FROM pg_index i
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY(i.indkey::int2[])
            WHERE i.indrelid = c.oid AND i.indisprimary)
    FROM pg_class c WHERE c.relnamespace = %s::regnamespace AND c.relkind = 'r' ORDER BY c.relname
"""
_FOREIGN_KEYS = """
    SELECT r.relname, c.conname, pg_get_constraintdef(c.oid) FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid
    WHERE c.connamespace = %s::regnamespace AND c.contype = 'f' ORDER BY r.relname, c.conname
"""


@dataclass(frozen=True, slots=True)
class Table:
    """A table, its columns but the computed ones, and its key, in which order its rows are written."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]


def tables_of(connection: psycopg.Connection[Any], schema: str) -> list[Table]:
    """Return the tables of a schema that belong into an archive, by name."""
    rows = connection.execute(_TABLES, [schema]).fetchall()
    return [Table(name, tuple(columns), tuple(key or columns)) for name, columns, key in rows if name not in TRANSIENT]


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A foreign key, as PostgreSQL would write it."""

    table: str
    name: str
    definition: str


def foreign_keys_of(connection: psycopg.Connection[Any], schema: str) -> list[ForeignKey]:
    """Return the foreign keys of a schema's tables."""
    return [ForeignKey(*row) for row in connection.execute(_FOREIGN_KEYS, [schema])]


def columns_in(names: tuple[str, ...]) -> sql.Composable:
    """Return column names for a list in SQL."""
    return sql.SQL(", ").join(map(sql.Identifier, names))
