"""Keys are UUIDv7: ordered by time, so that indexes grow at one end, and guessed by nobody."""

from __future__ import annotations

from flask import Flask
from psycopg import sql

from tests.support.cast import Cast
from tests.support.installation import Installation
from tests.support.making import Maker

_KEYS = """
    SELECT n.nspname, c.relname, a.attname FROM pg_index i
    JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY(i.indkey)
    WHERE i.indisprimary AND a.atttypid = 'uuid'::regtype AND n.nspname = ANY(%s) ORDER BY 1, 2, 3
"""


def test_every_key_of_every_record_is_a_uuid_of_version_7(
    app: Flask, cast: Cast, make: Maker, installation: Installation
) -> None:
    company = make.company("rep", name="Ada Ltd")
    make.contact("rep", company_id=str(company.id))
    make.deal("rep", company_id=str(company.id), outcome="won")
    make.activity("rep", kind="call", company_id=str(company.id))
    schemas = ["public", *(tenant.schema_name for tenant in cast.tenants.values())]
    seen, wrong = set(), []
    with installation.place.owner() as connection:
        for schema, table, column in connection.execute(_KEYS, [schemas]).fetchall():
            query = sql.SQL("SELECT {} FROM {}").format(sql.Identifier(column), sql.Identifier(schema, table))
            versions = {row[0].version for row in connection.execute(query)}
            seen |= {table} if versions else set()
            wrong += [f"{table}.{column}: {versions}"] if versions - {7} else []
    assert wrong == []
    assert {"users", "tenants", "members", "companies", "contacts", "opportunities", "activities", "audit_log"} <= seen
