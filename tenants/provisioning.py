"""Makes spare workspaces ahead of time, and gives one to a company that signs up."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import UUID

import psycopg
from psycopg import sql
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tenants.context import ActiveTenant
from tenants.db import SHARED, db, new_id
from tenants.directory import Directory
from tenants.migrate import connect, shared_revision
from tenants.migrations.lines import Step, fill, head, steps
from tenants.one_at_a_time import step_in
from tenants.versions import served_from, stands

_SPARES_LOCK = 7_203_512_995


class NoSpareReady(RuntimeError):
    """No ready-made workspace is left at this moment; the worker is making more."""


class SlugTaken(ValueError):
    """Somebody has this slug."""


def make_spares(owner_url: str, runtime_url: str, *, wanted: int) -> int:
    """Top the spares up to `wanted`; returns how many were made.

    Safe to run from several processes at once: an advisory lock lets one sweep and make, the others wait and find
    nothing to do. Where the shared tables are older than this release none are made: new workspaces may ask them for
    what comes with it.
    """
    made = 0
    with connect(owner_url) as connection:
        if stands("shared", shared_revision(connection)) in ("older", "previous"):
            return 0
        connection.execute("SELECT pg_advisory_lock(%s)", [_SPARES_LOCK])
        sweep_unfinished(connection)
        while _count_spares(connection) < wanted:
            make_spare(connection, runtime_url)
            made += 1
    return made


def _count_spares(connection: psycopg.Connection[Any]) -> int:
    query = "SELECT count(*) FROM public.tenants WHERE status = 'spare' AND schema_version COLLATE \"C\" >= %s"
    row = connection.execute(query, [served_from("tenant")]).fetchone()
    return int(row[0]) if row else 0


def make_spare(connection: psycopg.Connection[Any], runtime_url: str) -> UUID:
    """Make one spare: role, schema, tables, grants and registry row in one message and one transaction."""
    tenant_id = new_id()
    name = f"t_{secrets.token_hex(8)}"
    owner = connection.info.user
    login = unquote(urlsplit(runtime_url).username or owner)
    register = sql.SQL(
        "INSERT INTO public.tenants (id, schema_name, role_name, status, schema_version)"
        " VALUES ({}, {}, {}, 'spare', {})"
    ).format(sql.Literal(str(tenant_id)), sql.Literal(name), sql.Literal(name), sql.Literal(head("tenant")))
    with connection.transaction():
        connection.execute((script(name, login, steps("tenant")) + register.as_string(None)).encode())
    return tenant_id


def script(name: str, login: str, lines: Sequence[Step]) -> str:
    """Return what makes a role, a schema of the same name and its tables, as far as the steps given reach.

    Default privileges come first, so no grant ever scans the whole catalog.
    """
    identity = sql.Identifier(name)
    opening = sql.SQL(
        "CREATE ROLE {n} NOLOGIN; GRANT {n} TO {login}; CREATE SCHEMA {n}; GRANT USAGE ON SCHEMA {n} TO {n};"
        "ALTER DEFAULT PRIVILEGES IN SCHEMA {n} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {n};"
        "SET LOCAL search_path = {n};"
    ).format(n=identity, login=sql.Identifier(login))
    body = "\n".join(fill(step.sql, tenant_role=name, tenant_schema=name) for step in lines)
    return opening.as_string(None) + body


def sweep_unfinished(connection: psycopg.Connection[Any]) -> int:
    """Drop roles and schemas of ours that no registry row names (a restore may leave some); returns how many.

    One transaction makes a spare, so a crash leaves nothing; this is for what came in from outside. A schema
    with members in it is a workspace whose registry row is missing, not a leftover: only an operator may drop it.
    """
    rows = connection.execute(
        "SELECT nspname FROM pg_namespace n WHERE nspname ~ '^t_[0-9a-f]{16}$'"
        " AND NOT EXISTS (SELECT 1 FROM public.tenants t WHERE t.schema_name = n.nspname)"
    ).fetchall()
    unused = [name for (name,) in rows if not _has_members(connection, name)]
    for name in unused:
        with connection.transaction():
            connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(name)))
            connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(name)))
    return len(unused)


def _has_members(connection: psycopg.Connection[Any], schema: str) -> bool:
    if connection.execute("SELECT to_regclass(%s)", [f"{schema}.members"]).fetchone() == (None,):
        return False
    query = sql.SQL("SELECT EXISTS (SELECT 1 FROM {}.members)").format(sql.Identifier(schema))
    return connection.execute(query).fetchone() == (True,)


CLAIM = text(
    "UPDATE public.tenants SET slug = :slug, name = :name, locale = :locale, country = :country,"
    " currency = :currency, timezone = :timezone, status = 'active', claimed_at = now()"
    " WHERE id = (SELECT id FROM public.tenants WHERE status = 'spare' AND schema_version COLLATE \"C\" >= :oldest"
    "  ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)"
    " RETURNING id, slug, name, schema_name, role_name, status, schema_version, locale, country, currency, timezone"
)


@dataclass(frozen=True, slots=True)
class Founding:
    """A workspace in the making: first the shared rows by `connection`, then `enter()` for its own."""

    connection: Connection
    tenant: ActiveTenant

    @contextmanager
    def enter(self) -> Iterator[Session]:
        """Step into the new workspace, for good: shared tables are out of reach from here on."""
        with step_in(self.connection, self.tenant) as session:
            yield session


@contextmanager
def founding(directory: Directory, **values: str) -> Iterator[Founding]:
    """Claim a spare and found a workspace in it, in one transaction on one connection: all or nothing.

    `values` are slug, name, locale, country, currency and timezone. Raises SlugTaken and NoSpareReady.
    """
    with db.engines[SHARED].connect() as connection, connection.begin():
        yield Founding(connection, directory.from_row(_claim(connection, values)))


def _claim(connection: Connection, values: dict[str, str]) -> Any:
    try:
        row = connection.execute(CLAIM, {**values, "oldest": served_from("tenant")}).one_or_none()
    except IntegrityError as taken:
        raise SlugTaken(values["slug"]) from taken
    if row is None:
        raise NoSpareReady("no spare workspace is ready")
    return row
