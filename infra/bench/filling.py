"""Fills a workspace by COPY: indexes are dropped before and built after, and the totals summed once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import psycopg
from psycopg import sql

from infra.bench.invented import COLUMNS, Invented, Row
from saas_crm.core import phones

CHUNK = 25_000
LARGE = 20_000
"""Companies from which on a workspace is filled by several processes, without its indexes."""
_TOTALS = """
    INSERT INTO opportunity_totals (stage_id, owner_id, month, currency, count, amount)
    SELECT stage_id, owner_id, date_trunc('month', expected_close)::date, currency, count(*), sum(amount)
    FROM opportunities GROUP BY 1, 2, 3, 4
"""
_SUMS = """
    INSERT INTO opportunity_sums (stage_id, month, currency, count, amount)
    SELECT stage_id, date_trunc('month', expected_close)::date, currency, count(*), sum(amount)
    FROM opportunities GROUP BY 1, 2, 3
"""
_OWNER_SUMS = """
    INSERT INTO opportunity_owner_sums (owner_id, stage_id, month, currency, count, amount)
    SELECT owner_id, stage_id, CASE status WHEN 'open' THEN date_trunc('month', expected_close)::date
        ELSE '1970-01-01' END, currency, count(*), sum(amount)
    FROM opportunities GROUP BY 1, 2, 3, 4
"""
_SUMMED = (_TOTALS, _SUMS, _OWNER_SUMS)


def fill(owner_url: str, schema: str, invented: Invented) -> None:
    """Write all rows of a workspace."""
    if invented.size.companies < LARGE:
        with copying(owner_url, schema) as connection:
            for table, first, last in _portions(invented):
                _copy(connection, invented, table, first, last)
            for statement in _SUMMED:
                connection.execute(statement)
        return
    rebuild = _drop_indexes(owner_url, schema)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(_copy_portion, ((owner_url, schema, invented, *portion) for portion in _portions(invented))))
        list(pool.map(_run, ((owner_url, schema, statement) for statement in [*rebuild, *_SUMMED])))
    with psycopg.connect(owner_url, autocommit=True) as connection:
        for table in (*COLUMNS, "opportunity_totals", "opportunity_sums", "opportunity_owner_sums"):
            connection.execute(sql.SQL("VACUUM (ANALYZE) {}").format(sql.Identifier(schema, table)))


def _portions(invented: Invented) -> Iterator[tuple[str, int, int]]:
    size = invented.size
    counts = {"companies": size.companies, "contacts": size.contacts, "opportunities": size.deals,
              "activities": size.activities, "stage_changes": size.deals, "entries of companies": size.companies,
              "entries of contacts": size.contacts, "entries of opportunities": size.deals}  # fmt: skip
    for table, count in counts.items():
        for first in range(0, count, CHUNK):
            yield table, first, min(first + CHUNK, count)


def _copy_portion(job: tuple[str, str, Invented, str, int, int]) -> None:
    owner_url, schema, invented, table, first, last = job
    with copying(owner_url, schema) as connection:
        _copy(connection, invented, table, first, last)


def _copy(connection: psycopg.Connection[Any], invented: Invented, table: str, first: int, last: int) -> None:
    rows: Iterable[Row]
    if table.startswith("entries of "):
        rows, table = invented.entries(table.removeprefix("entries of "), first, last), "search_entries"
    elif table == "stage_changes":
        rows = invented.changes(first, last)
    else:
        rows = invented.rows(table, first, last)
    columns = sql.SQL(", ").join(map(sql.Identifier, COLUMNS[table].split()))
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), columns)
    with connection.cursor().copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


@contextmanager
def copying(owner_url: str, schema: str) -> Iterator[psycopg.Connection[Any]]:
    """Yield a transaction in the workspace's schema in which no trigger and no foreign key is checked.

    The rows are made by rules that keep to both; checking them row by row would take most of the time.
    """
    phones.written_forms = _written_forms
    with psycopg.connect(owner_url) as connection:
        connection.execute(sql.SQL("SET search_path = {}").format(sql.Identifier(schema)))
        connection.execute("SET session_replication_role = replica")
        yield connection


_written_forms = lru_cache(10_000)(phones.written_forms)


def _drop_indexes(owner_url: str, schema: str) -> list[str]:
    """Drop the indexes that no constraint needs; returns the statements that build them, largest tables first."""
    with psycopg.connect(owner_url, autocommit=True) as connection:
        found = connection.execute(
            "SELECT c.relname, pg_get_indexdef(i.indexrelid) FROM pg_index i"
            " JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid"
            " WHERE t.relnamespace = %s::regnamespace AND t.relname = ANY(%s)"
            " AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid)"
            " ORDER BY t.relname = 'activities' DESC, t.relname = 'search_entries' DESC, c.relname",
            [schema, list(COLUMNS)],
        ).fetchall()
        for name, _ in found:
            connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(schema, name)))
    return [definition for _, definition in found]


def _run(job: tuple[str, str, str]) -> None:
    owner_url, schema, statement = job
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute(sql.SQL("SET search_path = {}").format(sql.Identifier(schema)))
        connection.execute("SET maintenance_work_mem = '512MB'")
        connection.execute(statement)
