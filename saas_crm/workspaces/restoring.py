"""A workspace from its archive: a new one, or in place of one that is damaged."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from saas_crm.workspaces.people import bring_people
from saas_crm.workspaces.standing import causes_of
from tenants.archive.loading import Loaded, loading
from tenants.archive.manifest import TenantEntry
from tenants.archive.reading import reading
from tenants.archive.writing import UnknownTenant
from tenants.db import new_id
from tenants.migrate import connect
from tenants.migrations.lines import head
from tenants.provisioning import SlugTaken
from tenants.standing import RESTORING, status_for

REMEMBERED = 6.0
"""Seconds after which no process believes any more that a suspended workspace is open (`tenants.directory`)."""
_REGISTER = """
    INSERT INTO public.tenants (id, slug, name, schema_name, role_name, status, schema_version, locale, country,
        currency, timezone, search_rules, claimed_at)
    VALUES (%(id)s, %(slug)s, %(name)s, %(schema_name)s, %(schema_name)s, %(status)s, %(schema_version)s, %(locale)s,
        %(country)s, %(currency)s, %(timezone)s, %(search_rules)s, coalesce(%(claimed_at)s, now()))
"""
_ROW = """
    SELECT name, schema_name, schema_version, locale, country, currency, timezone, search_rules, claimed_at
    FROM public.tenants WHERE id = %s FOR UPDATE
"""
_HELD = "SELECT id, status FROM public.tenants WHERE slug = %s FOR UPDATE"
_CAUSE = """
    INSERT INTO public.suspensions (tenant_id, cause, kind) VALUES (%s, %s, 'closed')
    ON CONFLICT (tenant_id, cause) DO NOTHING
"""
_REPLACE = """
    UPDATE public.tenants SET schema_name = %(schema_name)s, role_name = %(schema_name)s, schema_version = %(version)s,
        search_rules = %(search_rules)s, status = %(status)s, migration_error = NULL WHERE id = %(id)s
"""


@dataclass(frozen=True, slots=True)
class Restored:
    """What became of an archive: the workspace's slug, the sign-ins made for it, and where the former one waits."""

    slug: str
    new_people: list[str]
    former_slug: str = ""


def restore_as(owner_url: str, runtime_url: str, path: Path, slug: str, *, name: str = "") -> Restored:
    """Make a new workspace of an archive; all or nothing.

    Raises BadArchive, SlugTaken, and OSError where the file cannot be read.
    """
    with reading(path) as reader, loading(owner_url, runtime_url, reader) as loaded:
        tenant_id = new_id()
        _register(loaded, tenant_id, slug, name, reader.manifest.tenant)
        return Restored(slug, bring_people(loaded, reader, tenant_id))


def _register(loaded: Loaded, tenant_id: UUID, slug: str, name: str, told: TenantEntry) -> None:
    row = {
        **told.model_dump(), "id": tenant_id, "slug": slug, "name": name or told.name, "status": "active",
        "schema_name": loaded.schema, "schema_version": head("tenant"), "claimed_at": None,
    }  # fmt: skip
    try:
        loaded.connection.execute(_REGISTER, row)
    except psycopg.errors.UniqueViolation:
        raise SlugTaken(slug) from None


def restore_in_place(
    owner_url: str, runtime_url: str, path: Path, slug: str, *, pause: Callable[[float], None] = time.sleep
) -> Restored:
    """Put an archive in the place of a damaged workspace: same address, same people, the archive's data.

    It is closed while the data comes in, so that nothing is written that would be lost, and opened again at the end,
    also where it fails. The former data waits under an address of its own, closed, until it is deleted by hand.
    Raises BadArchive, UnknownTenant, and OSError where the file cannot be read.
    """
    with reading(path) as reader:
        with connect(owner_url) as connection:
            tenant_id, status = _close(connection, slug)
        try:
            pause(REMEMBERED)
            with loading(owner_url, runtime_url, reader) as loaded:
                former = _swap(loaded, tenant_id, slug, status, reader.manifest.tenant.search_rules)
                return Restored(slug, bring_people(loaded, reader, tenant_id), former)
        except BaseException:
            with connect(owner_url) as connection, connection.transaction():
                again = _status_again(connection, tenant_id, status)
                connection.execute("UPDATE public.tenants SET status = %s WHERE id = %s", [again, tenant_id])
            raise


def _close(connection: psycopg.Connection[Any], slug: str) -> tuple[UUID, str]:
    """Close a workspace for as long as it takes; whoever lifts another cause meanwhile does not open it."""
    with connection.transaction():
        row = connection.execute(_HELD, [slug]).fetchone()
        if row is None:
            raise UnknownTenant(slug)
        connection.execute(_CAUSE, [row[0], RESTORING])
        connection.execute("UPDATE public.tenants SET status = 'suspended' WHERE id = %s", [row[0]])
    return row[0], row[1]


def _status_again(connection: psycopg.Connection[Any], tenant_id: UUID, before: str) -> str:
    """Take the cause away again; returns the status that follows, also from what was decided meanwhile."""
    connection.execute("DELETE FROM public.suspensions WHERE tenant_id = %s AND cause = %s", [tenant_id, RESTORING])
    causes = causes_of(connection, tenant_id)
    return status_for(causes) if causes or before in ("active", "read_only") else before


def _swap(loaded: Loaded, tenant_id: UUID, slug: str, status: str, search_rules: int) -> str:
    """Exchange the schemas: the registry's row gets the new one, a closed row of its own keeps the old one."""
    connection = loaded.connection
    old = connection.cursor(row_factory=dict_row).execute(_ROW, [tenant_id]).fetchone() or {}
    # Whoever still works with the old tables is waited for: every request and job begins by reading members.
    members = sql.Identifier(old["schema_name"], "members")
    connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(members))
    status = _status_again(connection, tenant_id, status)
    new = {"schema_name": loaded.schema, "version": head("tenant"), "search_rules": search_rules, "status": status}
    connection.execute(_REPLACE, {**new, "id": tenant_id})
    former = f"{slug[:40]}-former-{secrets.token_hex(3)}"
    connection.execute(_REGISTER, {**old, "id": new_id(), "slug": former, "status": "closed"})
    connection.execute("DELETE FROM public.memberships WHERE tenant_id = %s", [tenant_id])
    return former
