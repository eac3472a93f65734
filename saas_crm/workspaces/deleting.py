"""A workspace's end: nothing of it is left but a certificate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from tenants.archive.catalog import tables_of
from tenants.archive.writing import UnknownTenant
from tenants.migrate import connect

_FIND = "SELECT id, name, schema_name, role_name, now() FROM public.tenants WHERE slug = %s FOR UPDATE"
_ALONE = """
    DELETE FROM public.users u WHERE u.id = ANY(%s)
        AND NOT EXISTS (SELECT 1 FROM public.memberships m WHERE m.user_id = u.id)
"""
_JOBS_PATH = "SET LOCAL search_path = jobs, pg_catalog"
"""Triggers of procrastinate name its tables without a schema."""
_JOBS = "DELETE FROM jobs.procrastinate_jobs WHERE args ->> 'tenant_id' = %s"


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was deleted, and when: rows of each table, jobs, backups, and sign-ins that belonged to nothing else."""

    tenant_id: UUID
    slug: str
    name: str
    deleted_at: datetime
    rows: dict[str, int]
    jobs: int
    sign_ins: int
    backups: int


def delete_workspace(owner_url: str, slug: str, forget_backups: Callable[[UUID], int] | None = None) -> Certificate:
    """Delete a workspace at once: schema, role, jobs, memberships, and the sign-ins of people who have no other one.

    One transaction: all or nothing. Whoever works in it is waited for. `forget_backups` takes its backups away, last;
    where it fails nothing is deleted. Raises UnknownTenant, and what `forget_backups` raises.
    """
    with connect(owner_url) as connection, connection.transaction():
        found = connection.execute(_FIND, [slug]).fetchone()
        if found is None:
            raise UnknownTenant(slug)
        tenant_id, name, schema, role, moment = found
        rows = _count(connection, schema)
        people = connection.execute(
            "DELETE FROM public.memberships WHERE tenant_id = %s RETURNING user_id", [tenant_id]
        ).fetchall()
        sign_ins = connection.execute(_ALONE, [[user_id for (user_id,) in people]]).rowcount
        connection.execute(_JOBS_PATH)
        jobs = connection.execute(_JOBS, [str(tenant_id)]).rowcount
        connection.execute("DELETE FROM public.tenants WHERE id = %s", [tenant_id])
        connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema)))
        connection.execute(sql.SQL("DROP OWNED BY {r}; DROP ROLE {r}").format(r=sql.Identifier(role)))
        backups = forget_backups(tenant_id) if forget_backups else 0
    return Certificate(tenant_id, slug, name, moment, rows, jobs, sign_ins, backups)


def _count(connection: psycopg.Connection[Any], schema: str) -> dict[str, int]:
    counted = {}
    for table in tables_of(connection, schema):
        query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, table.name))
        [counted[table.name]] = connection.execute(query).fetchone() or (0,)
    return counted
