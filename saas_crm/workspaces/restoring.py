"""A workspace from its archive: a new one, or in place of one that is damaged."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from saas_crm.core.events import publish
from saas_crm.workspaces.closed_since import close_again, schema_of
from saas_crm.workspaces.events import WorkspaceRestored
from saas_crm.workspaces.noting import note_as_owner
from saas_crm.workspaces.people import bring_people, owners_among
from saas_crm.workspaces.standing import held, settle
from tenants.archive.loading import Loaded, loading
from tenants.archive.manifest import TenantEntry
from tenants.archive.reading import reading
from tenants.archive.writing import UnknownTenant
from tenants.db import new_id
from tenants.migrate import connect
from tenants.migrations.lines import head
from tenants.provisioning import SlugTaken
from tenants.standing import RESTORING

REMEMBERED = 6.0
"""Seconds after which no process believes any more that a suspended workspace is open (`tenants.directory`)."""
_REGISTER = """
    INSERT INTO public.tenants (id, slug, name, schema_name, role_name, status, schema_version, locale, country,
        currency, timezone, search_rules, claimed_at)
    VALUES (%(id)s, %(slug)s, %(name)s, %(schema_name)s, %(schema_name)s, %(status)s, %(schema_version)s, %(locale)s,
        %(country)s, %(currency)s, %(timezone)s, %(search_rules)s, coalesce(%(claimed_at)s, now()))
"""
_ROW = """
    SELECT name, status, schema_name, schema_version, locale, country, currency, timezone, search_rules, claimed_at
    FROM public.tenants WHERE id = %s FOR UPDATE
"""
_ALONE = "SELECT pg_try_advisory_lock(hashtextextended('restoring ' || %s, 0))"
"""Held by the connection for as long as a restore takes; who lifts its cause asks for the same (`standing.lift`)."""
_CAUSE = """
    INSERT INTO public.suspensions (tenant_id, cause, kind) VALUES (%s, %s, 'closed')
    ON CONFLICT (tenant_id, cause) DO NOTHING
"""
_REPLACE = """
    UPDATE public.tenants SET schema_name = %(schema_name)s, role_name = %(schema_name)s, schema_version = %(version)s,
        search_rules = %(search_rules)s, migration_error = NULL WHERE id = %(id)s
"""
_KNOWS_FORMER = "SELECT to_jsonb(t) ? 'former_of' FROM public.tenants t LIMIT 1"
_FORMER = "UPDATE public.tenants SET former_of = %s WHERE id = %s"


Finish = Callable[[psycopg.Connection[Any], "Restored"], None]
"""What is to be written with a restore, in its own transaction: neither is there without the other."""


class RestoreUnderWay(RuntimeError):
    """Another restore puts an archive in the place of the same workspace just now."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What became of an archive: the workspace's slug, the sign-ins made for it, and where the former one waits."""

    slug: str
    new_people: list[str]
    former_slug: str = ""


def restore_as(
    owner_url: str, runtime_url: str, path: Path, slug: str, *, name: str = "", through: str = "", operator: str = "",
    finish: Finish | None = None,
) -> Restored:  # fmt: skip
    """Make a new workspace of an archive; all or nothing.

    What was ended since it was written (a token, an invitation, a consent) stays ended, and all of it where its
    workspace is not here. Its log gets a line where it is said `through` what this is done; else it is just as it was.
    An `operator` is named there. Raises BadArchive, SlugTaken, what `finish` raises, and OSError where the file cannot
    be read.
    """
    with reading(path) as reader, loading(owner_url, runtime_url, reader) as loaded:
        tenant_id = new_id()
        close_again(loaded, schema_of(loaded.connection, reader.manifest.tenant.id))
        _register(loaded, tenant_id, slug, name, reader.manifest.tenant)
        restored = Restored(slug, bring_people(loaded, reader, tenant_id))
        publish(WorkspaceRestored(
            loaded.connection, tenant_id, reader.manifest.tenant.id, owners_among(loaded)
        ))  # fmt: skip
        if through:
            note_as_owner(
                loaded.connection, loaded.schema, tenant_id, "restore", {}, through=through, operator=operator
            )  # fmt: skip
        if finish is not None:
            finish(loaded.connection, restored)
    return restored


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
    owner_url: str, runtime_url: str, path: Path, slug: str, *, pause: Callable[[float], None] = time.sleep,
    through: str = "", operator: str = "", finish: Finish | None = None,
) -> Restored:  # fmt: skip
    """Put an archive in the place of a damaged workspace: same address, same people, the archive's data.

    It is closed while the data comes in, so that nothing is written that would be lost, and opened again at the end,
    also where it fails. The former data waits under an address of its own, closed, until it is deleted by hand or with
    the workspace. Raises BadArchive, UnknownTenant, NotSuspendable for such former data itself, RestoreUnderWay, what
    `finish` raises, and OSError where the file cannot be read.
    """
    with reading(path) as reader, _closed(owner_url, slug) as tenant_id:
        pause(REMEMBERED)
        with loading(owner_url, runtime_url, reader) as loaded:
            _close_again(loaded, tenant_id, reader.manifest.tenant.id)
            former = _swap(loaded, tenant_id, slug, reader.manifest.tenant.search_rules)
            restored = Restored(slug, bring_people(loaded, reader, tenant_id), former)
            if through:
                changes = {"former": [None, former]}
                note_as_owner(
                    loaded.connection, loaded.schema, tenant_id, "restore", changes, through=through, operator=operator
                )  # fmt: skip
            if finish is not None:
                finish(loaded.connection, restored)
    return restored


@contextmanager
def _closed(owner_url: str, slug: str) -> Iterator[UUID]:
    """Close a workspace for as long as it takes; whoever lifts another cause meanwhile does not open it.

    `_swap` opens it again, or this does where it does not come so far.
    """
    with connect(owner_url) as alone:
        row = alone.execute("SELECT id FROM public.tenants WHERE slug = %s", [slug]).fetchone()
        if row is None:
            raise UnknownTenant(slug)
        tenant_id: UUID = row[0]
        if alone.execute(_ALONE, [str(tenant_id)]).fetchone() != (True,):
            raise RestoreUnderWay(slug)
        with held(owner_url, tenant_id) as (connection, _id, status):
            connection.execute(_CAUSE, [tenant_id, RESTORING])
            settle(connection, tenant_id, status)
        try:
            yield tenant_id
        except BaseException:
            with held(owner_url, tenant_id) as (connection, _id, status):
                _open(connection, tenant_id, status)
            raise


def _open(connection: psycopg.Connection[Any], tenant_id: UUID, status: str) -> None:
    """Take the cause away again; the status follows from those that are left, also from what was decided meanwhile."""
    connection.execute("DELETE FROM public.suspensions WHERE tenant_id = %s AND cause = %s", [tenant_id, RESTORING])
    settle(connection, tenant_id, status)


def _close_again(loaded: Loaded, tenant_id: UUID, archived_id: UUID) -> None:
    """End what is over by the workspace whose place it is, and by the archive's own where that is another one here."""
    close_again(loaded, schema_of(loaded.connection, tenant_id))
    own = schema_of(loaded.connection, archived_id) if archived_id != tenant_id else None
    if own is not None:
        close_again(loaded, own)


def _swap(loaded: Loaded, tenant_id: UUID, slug: str, search_rules: int) -> str:
    """Exchange the schemas: the registry's row gets the new one, a closed row of its own keeps the old one."""
    connection = loaded.connection
    old = connection.cursor(row_factory=dict_row).execute(_ROW, [tenant_id]).fetchone() or {}
    # Whoever still works with the old tables is waited for: every request and job begins by reading members.
    members = sql.Identifier(old["schema_name"], "members")
    connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(members))
    _open(connection, tenant_id, old.pop("status"))
    new = {"schema_name": loaded.schema, "version": head("tenant"), "search_rules": search_rules}
    connection.execute(_REPLACE, {**new, "id": tenant_id})
    former, former_id = f"{slug[:40]}-former-{secrets.token_hex(3)}", new_id()
    connection.execute(_REGISTER, {**old, "id": former_id, "slug": former, "status": "closed"})
    if connection.execute(_KNOWS_FORMER).fetchone() == (True,):
        connection.execute(_FORMER, [tenant_id, former_id])
    connection.execute("DELETE FROM public.memberships WHERE tenant_id = %s", [tenant_id])
    return former
