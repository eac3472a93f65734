"""After a deletion: every shared table is searched, and each that still knows the workspace says why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from saas_crm.workspaces.deleting import delete_workspace
from saas_crm.workspaces.restoring import restore_as
from tests.support.installation import Installation

SLUG, NAME, PERSON = "evanescent", "Evanescent Ltd", "somebody@evanescent-people.example"
KEPT: Mapping[str, str] = {
    "public.deletion_certificates": "the certificate",
    "public.operator_acts": "what operators did, append-only: by id and address of the workspace",
    "public.operator_work": "what operators asked the worker for: by id of the workspace",
    "public.billing_changes": "figures of months that are over: by id, with plan and amount",
    "public.stripe_events": "that an event was worked on, so that it is not again: by id, emptied",
}
"""Shared tables that know a deleted workspace, and what for."""
_TABLES = "SELECT schemaname::text, tablename::text FROM pg_tables WHERE schemaname IN ('public', 'jobs') ORDER BY 1, 2"
_COLUMNS = """
    SELECT a.attname::text, format_type(a.atttypid, NULL), a.attnotnull AND NOT a.atthasdef
    FROM pg_attribute a WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped
"""
_BY_TYPE: Mapping[str, Any] = {
    "uuid": uuid4, "jsonb": lambda: Jsonb({"who": PERSON}), "bytea": lambda: uuid4().bytes, "boolean": lambda: False,
    "timestamp with time zone": lambda: datetime.now(UTC), "integer": lambda: 1, "bigint": lambda: 1,
}  # fmt: skip
ONE_OF: Mapping[str, Mapping[str, str]] = {
    "tenant_deletions": {"asked_by": "Olivia Owner"},  # whom the certificate names
    "suspensions": {"cause": "operator", "kind": "read_only"}, "subscriptions": {"state": "free"},
    "tenant_domains": {"domain": "crm.evanescent-people.example"}, "former_slugs": {"slug": "evanescent-of-old"},
}  # fmt: skip
"""What must be one of certain words, by table."""
WORD = "a word"
"""What else is a text where plans, states and acts are named; elsewhere it names a person, as all that is JSON does."""


def shared(connection: psycopg.Connection[Any]) -> list[tuple[str, str]]:
    return connection.execute(_TABLES).fetchall()


def tables_of_workspaces(connection: psycopg.Connection[Any]) -> list[str]:
    """Return the shared tables that name a workspace, by the catalog: a new one joins by itself."""
    query = (
        "SELECT table_name::text FROM information_schema.columns WHERE table_schema = 'public'"
        " AND column_name = 'tenant_id' ORDER BY 1"
    )
    return [table for (table,) in connection.execute(query)]


def put_into(connection: psycopg.Connection[Any], table: str, tenant_id: UUID) -> None:
    """Write a row of the workspace into a shared table."""
    row: dict[str, Any] = {"tenant_id": tenant_id}
    for name, kind, must in connection.execute(_COLUMNS, [f"public.{table}"]):
        if name in row or not (must or kind == "jsonb"):
            continue
        said = WORD if f"public.{table}" in KEPT or table == "subscriptions" else PERSON
        row[name] = ONE_OF.get(table, {}).get(name) or _BY_TYPE.get(kind, lambda said=said: said)()
        if kind == "jsonb" and table.startswith("operator_"):
            row[name] = Jsonb({"from": "0001"})
    put = sql.SQL("INSERT INTO public.{} ({}) VALUES ({})").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, row)),
        sql.SQL(", ").join(map(sql.Placeholder, row)),
    )  # fmt: skip
    connection.execute(put, row)


def found(connection: psycopg.Connection[Any], *words: str) -> set[str]:
    """Return the shared tables, and those of jobs, in which a row holds one of the words."""
    patterns = [f"%{word}%" for word in words]
    held = set()
    for schema, table in shared(connection):
        query = sql.SQL("SELECT EXISTS (SELECT FROM {} t WHERE t::text ILIKE ANY(%s))")
        if connection.execute(query.format(sql.Identifier(schema, table)), [patterns]).fetchone() == (True,):
            held.add(f"{schema}.{table}")
    return held


@pytest.fixture
def gone(archive: Path, installation: Installation) -> tuple[UUID, str]:
    """A deleted workspace that stood in every shared table: its id, and its schema's name."""
    place = installation.place
    restore_as(place.owner_url, place.runtime_url, archive, SLUG, name=NAME)
    with place.owner() as connection, connection.transaction():
        [(tenant_id, schema)] = connection.execute(
            "SELECT id, schema_name FROM public.tenants WHERE slug = %s", [SLUG]
        ).fetchall()
        connection.execute("SET LOCAL session_replication_role = replica")  # operators and archives they name are none
        for table in tables_of_workspaces(connection):
            if table not in ("memberships", "deletion_certificates"):
                put_into(connection, table, tenant_id)
        connection.execute(
            "INSERT INTO jobs.procrastinate_jobs (queue_name, task_name, args, status)"
            " VALUES (%s, 'mail.send', jsonb_build_object('tenant_id', %s::text, 'to', %s::text), 'todo')",
            [schema, str(tenant_id), PERSON],
        )
    with place.owner() as connection:
        held = found(connection, str(tenant_id))
        assert held >= {f"public.{table}" for table in tables_of_workspaces(connection)} - set(KEPT)
        assert {"public.stripe_events", "jobs.procrastinate_jobs"} <= found(connection, PERSON)
    delete_workspace(installation.settings.owner_url, SLUG)
    return tenant_id, schema


@pytest.mark.newest
def test_no_shared_table_knows_it_but_for_a_reason(gone: tuple[UUID, str], installation: Installation) -> None:
    tenant_id, schema = gone
    with installation.place.owner() as connection:
        left = found(connection, str(tenant_id), tenant_id.hex, schema, SLUG, NAME)
        assert left <= KEPT.keys()
        assert found(connection, schema) == set()
        assert "public.deletion_certificates" in left


@pytest.mark.newest
def test_nothing_of_its_people_is_left(gone: tuple[UUID, str], installation: Installation) -> None:
    with installation.place.owner() as connection:
        assert found(connection, PERSON, "evanescent-people", "evanescent-of-old") == set()
