"""What an operator wants to know of each workspace: how large, how many people, when last used, what went wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from tenants.archive.writing import UnknownTenant
from tenants.migrate import connect

# The plan is asked for through the whole row: shared tables of the release before lack the column.
_REGISTERED = """
    SELECT slug, name, status, schema_version AS version, schema_name AS schema, migration_error AS error,
        coalesce(claimed_at, created_at) AS since,
        (SELECT count(*) FROM public.memberships m WHERE m.tenant_id = t.id) AS members,
        coalesce(f.failed, 0) AS failed_jobs,
        to_jsonb(t) -> 'plan' ->> 'key' AS plan, to_jsonb(t) -> 'plan' ->> 'state' AS plan_state
    FROM public.tenants t LEFT JOIN (
        SELECT args ->> 'tenant_id' AS tenant_id, count(*) AS failed FROM jobs.procrastinate_jobs
        WHERE status = 'failed' GROUP BY 1
    ) f ON f.tenant_id = t.id::text
    WHERE slug IS NOT NULL AND (%(slugs)s::text[] IS NULL OR slug = ANY(%(slugs)s)) ORDER BY slug
"""
_SIZES = """
    SELECT n.nspname, sum(pg_total_relation_size(c.oid))::bigint FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND n.nspname = ANY(%s) GROUP BY 1
"""
_LAST_SEEN = "SELECT max(last_seen_at) FROM {}"


@dataclass(frozen=True, slots=True)
class Registered:
    """A workspace as the registry knows it; plan and its state are None where nobody takes money."""

    slug: str
    name: str
    status: str
    version: str
    schema: str
    error: str | None
    since: datetime
    members: int
    failed_jobs: int
    plan: str | None
    plan_state: str | None


@dataclass(frozen=True, slots=True)
class Overview:
    """A workspace in numbers: bytes on disk with indexes, and when one of its people was last seen (None: never)."""

    registered: Registered
    size: int
    last_seen_at: datetime | None


def overviews(owner_url: str, slugs: Iterable[str] | None = None) -> list[Overview]:
    """Return the workspaces with these addresses, or all, by address; raises UnknownTenant for one that is not there.

    Two statements for all, and a short one for each: nobody's work is read, and none of it waited for.
    """
    asked = None if slugs is None else list(slugs)
    with connect(owner_url) as connection, connection.cursor(row_factory=class_row(Registered)) as cursor:
        found = cursor.execute(_REGISTERED, {"slugs": asked}).fetchall()
        if missing := set(asked or ()) - {each.slug for each in found}:
            raise UnknownTenant(min(missing))
        sizes = dict(connection.execute(_SIZES, [[each.schema for each in found]]).fetchall())
        return list(_in_numbers(connection, found, sizes))


def _in_numbers(
    connection: psycopg.Connection[Any], found: list[Registered], sizes: dict[str, int]
) -> Iterator[Overview]:
    for each in found:
        yield Overview(each, sizes.get(each.schema, 0), _last_seen(connection, each.schema))


def _last_seen(connection: psycopg.Connection[Any], schema: str) -> datetime | None:
    query = sql.SQL(_LAST_SEEN).format(sql.Identifier(schema, "members"))
    try:
        row = connection.execute(query).fetchone()
    except (psycopg.errors.UndefinedColumn, psycopg.errors.UndefinedTable):  # older than this release, or half gone
        return None
    return row[0] if row else None
