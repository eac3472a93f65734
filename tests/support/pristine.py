"""Puts the database back after a test, in a few milliseconds, with everything really committed before.

A transaction around each test would be quicker to write, but it would hide what this product lives by: two
engines that see each other's commits, one commit at the edge of a request, SET LOCAL that ends with its
transaction, `now()` that moves on, threads. So tests commit like everybody else; rows are put back from a copy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg import sql

from tests.support.installation import Place

_KEPT = {("public", "shared_version"), ("jobs", "procrastinate_workers")}
_COLUMNS = """
    SELECT n.nspname, c.relname, array_agg(a.attname ORDER BY a.attnum)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
    WHERE c.relkind = 'r' AND n.nspname = ANY(%s) GROUP BY 1, 2 ORDER BY 1, 2
"""
Table = tuple[str, str, list[str]]


class Pristine:
    """Remembers the database as it is now, and puts it back."""

    def __init__(self, place: Place, schemas: Sequence[str], *, copy: str = "pristine_copy") -> None:
        """Copy all rows of the tenants' `schemas`, the shared tables and the jobs into a schema of this name."""
        self._connection, self._kept_in = place.owner(), copy
        # Neither triggers nor foreign keys act; set once, since each change of it throws all plans away.
        self._connection.execute("SET session_replication_role = replica; SET lock_timeout = '10s'")
        # Else a first request would note them as seen, once the copy is older than the product lets that be.
        self._connection.execute("UPDATE public.sessions SET last_seen_at = now() + interval '2 hours'")
        self._tables = self._columns(["public", "jobs", *schemas])
        self._put_back = self._copy()
        self._registered = {row[0] for row in self._connection.execute("SELECT schema_name FROM public.tenants")}
        self._seen = self._transactions()

    def restore(self) -> None:
        """Put everything back, unless nothing was written; workspaces made meanwhile are gone or spare again."""
        if self._transactions() == self._seen:
            return
        for schema, claimed in self._strays():
            if schema not in self._registered:
                name = sql.Identifier(schema)
                self._connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(name))
                self._connection.execute(sql.SQL("DROP OWNED BY {}; DROP ROLE {}").format(name, name))
            elif claimed:
                self._connection.execute(sql.Composed(_emptying(self._columns([schema]))))
        self._connection.execute(self._put_back)
        self._seen = self._transactions()

    def close(self) -> None:
        """Let go of the database."""
        self._connection.close()

    def _transactions(self) -> Any:
        """Return a number that grows with each transaction that wrote anything."""
        return self._connection.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())").fetchone()

    def _strays(self) -> list[tuple[str, bool]]:
        """Return the tenants that the copy does not know, or knows as spares while somebody claimed them."""
        rows = self._connection.execute(
            "SELECT t.schema_name, t.slug IS NOT NULL FROM public.tenants t LEFT JOIN"
            f" {self._kept_in}.public_tenants c ON c.id = t.id"
            " WHERE c.id IS NULL OR (t.slug IS NOT NULL AND c.slug IS NULL)"
        )
        return [(str(row[0]), bool(row[1])) for row in rows]

    def _columns(self, schemas: Sequence[str]) -> list[Table]:
        rows = self._connection.execute(_COLUMNS, [list(schemas)]).fetchall()
        return [(row[0], row[1], row[2]) for row in rows if (row[0], row[1]) not in _KEPT]

    def _copy(self) -> bytes:
        """Copy what is there and return the statement that puts it back: a function, planned once and not each time."""
        self._connection.execute(f"DROP SCHEMA IF EXISTS {self._kept_in} CASCADE; CREATE SCHEMA {self._kept_in}")
        filling = []
        for schema, table, columns in self._tables:
            here, copy = sql.Identifier(schema, table), sql.Identifier(self._kept_in, f"{schema}_{table}")
            listed = sql.SQL(", ").join(map(sql.Identifier, columns))
            made = sql.SQL("CREATE TABLE {} AS SELECT {} FROM {}").format(copy, listed, here)
            if self._connection.execute(made).rowcount:
                filling.append(sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {};").format(here, listed, listed, copy))
        name = sql.Identifier(self._kept_in, "put_back")
        body = sql.Composed([*_emptying(self._tables), *filling])
        self._connection.execute(
            sql.SQL("CREATE FUNCTION {}() RETURNS void LANGUAGE plpgsql AS {}").format(
                name, sql.Literal(f"BEGIN {body.as_string(None)} END")
            )
        )
        return sql.SQL("SELECT {}()").format(name).as_bytes(None)


def _emptying(tables: Sequence[Table]) -> list[sql.Composed]:
    return [sql.SQL("DELETE FROM {};").format(sql.Identifier(schema, table)) for schema, table, _ in tables]


def fingerprint(place: Place, schemas: Sequence[str], *, but: Sequence[str] = ()) -> dict[str, str]:
    """Return a digest of the rows of each shared table, the jobs, and each table of the `schemas`."""
    listed = "SELECT schemaname, tablename FROM pg_tables WHERE schemaname = ANY(%s) ORDER BY 1, 2"
    found = {}
    with place.owner() as connection:
        tables = connection.execute(listed, [["public", "jobs", *schemas]]).fetchall()
        for schema, table in tables:
            if (schema, table) not in _KEPT and f"{schema}.{table}" not in but:
                query = sql.SQL("SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {} t").format(
                    sql.Identifier(schema, table)
                )
                found[f"{schema}.{table}"] = str(connection.execute(query).fetchone())
    return found
