"""A workspace's end: nothing of it is left but a certificate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from saas_crm.core.clock import now
from saas_crm.core.events import publish
from saas_crm.workspaces.events import WorkspaceGoes
from saas_crm.workspaces.letters import Reader, owners_of
from tenants.archive.catalog import tables_of
from tenants.archive.writing import UnknownTenant
from tenants.db import new_id
from tenants.migrate import connect

_FIND = """
    SELECT t.id, t.name, t.status, t.schema_name, t.role_name, now(), d.asked_by, d.asked_at,
        coalesce(d.due_at <= %s, false)
    FROM public.tenants t LEFT JOIN public.tenant_deletions d ON d.tenant_id = t.id WHERE t.slug = %s FOR UPDATE OF t
"""
# Where the shared tables are a release behind there is no such column, and nothing by it.
_FORMER = """
    SELECT id, schema_name, role_name FROM public.tenants t WHERE to_jsonb(t) ->> 'former_of' = %s ORDER BY id
    FOR UPDATE
"""
_ARCHIVES = "SELECT count(*) FROM public.archives WHERE tenant_id = %s AND made_at IS NOT NULL"
_CERTIFY = """
    INSERT INTO public.deletion_certificates (id, tenant_id, slug, name, asked_by, asked_at, deleted_at, counts)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""
_COUNT_BACKUPS = """
    UPDATE public.deletion_certificates SET counts = jsonb_set(counts, '{backups}', to_jsonb(%s::int)) WHERE id = %s
"""
OPERATOR = "operator"
_ALONE = """
    DELETE FROM public.users u WHERE u.id = ANY(%s)
        AND NOT EXISTS (SELECT 1 FROM public.memberships m WHERE m.user_id = u.id)
"""
_JOBS_PATH = "SET LOCAL search_path = jobs, pg_catalog"
"""Triggers of procrastinate name its tables without a schema."""
_JOBS = "DELETE FROM jobs.procrastinate_jobs WHERE args ->> 'tenant_id' = %s"


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was deleted, when, and who asked for it: rows of each table, jobs, archives, backups, sign-ins.

    Of people it names but the owner who asked. Sign-ins are those that belonged to nothing else; `former` is how many
    copies went along that restores had put aside, whose rows are among the others. `stays` says what others keep of it,
    by who they are: invoices, which have to be kept, with the payment service's own number of the customer.
    """

    id: UUID
    tenant_id: UUID
    slug: str
    name: str
    asked_by: str
    asked_at: datetime | None
    deleted_at: datetime
    rows: dict[str, int]
    jobs: int
    sign_ins: int
    archives: int
    backups: int
    former: int = 0
    stays: dict[str, str] = field(default_factory=dict)


class NotDue(LookupError):
    """Nobody asked for the workspace to be deleted, or its day has not come."""


Farewell = Callable[[psycopg.Connection[Any], list[Reader], Certificate], None]


def delete_workspace(
    owner_url: str, slug: str, forget_backups: Callable[[UUID], int] | None = None, *, farewell: Farewell | None = None,
    only_if_due: bool = False, only: UUID | None = None,
) -> Certificate:  # fmt: skip
    """Delete a workspace at once: schema, role, jobs, archives, memberships, sign-ins of people without another.

    With it go the copies that restores have put aside. One transaction: all or nothing; the certificate is written in
    it. Whoever works in it is waited for. `farewell` tells those who were its owners. `forget_backups` takes
    its backups away, after everything else that can fail; where it fails nothing is deleted. Who asked is the operator
    unless its day had come. Raises UnknownTenant, also where the slug is another's than `only`'s, what `farewell` and
    `forget_backups` raise and, where it must be due, NotDue.
    """
    with connect(owner_url) as connection, connection.transaction():
        found = connection.execute(_FIND, [now(), slug]).fetchone()
        if found is None:
            raise UnknownTenant(slug)
        tenant_id, name, status, schema, role, moment, asked_by, asked_at, due = found
        if only not in (None, tenant_id):
            raise UnknownTenant(slug)
        if only_if_due and not due:
            raise NotDue(slug)
        readers = _owners(connection, schema) if farewell and status != "closed" else []
        former = connection.execute(_FORMER, [str(tenant_id)]).fetchall()
        rows: Counter[str] = Counter()
        for _id, each, _role in (*former, (tenant_id, schema, role)):
            rows.update(_count(connection, each))
        stays: dict[str, str] = {}
        publish(WorkspaceGoes(connection, tenant_id, stays))
        for each in former:
            _drop(connection, *each)
        sign_ins, jobs, archives = _drop(connection, tenant_id, schema, role)
        by, at = (asked_by, asked_at) if due else (OPERATOR, None)
        certificate = Certificate(
            new_id(), tenant_id, slug, name, by, at, moment, dict(rows), jobs, sign_ins, archives, 0, len(former),
            stays,
        )  # fmt: skip
        _certify(connection, certificate)
        if farewell:
            farewell(connection, readers, certificate)
        if forget_backups and (backups := forget_backups(tenant_id)):
            connection.execute(_COUNT_BACKUPS, [backups, certificate.id])
            certificate = replace(certificate, backups=backups)
    return certificate


def _owners(connection: psycopg.Connection[Any], schema: str) -> list[Reader]:
    connection.execute(sql.SQL("SET LOCAL search_path = {}").format(sql.Identifier(schema)))
    found = owners_of(connection)
    connection.execute("SET LOCAL search_path = pg_catalog")
    return found


def _drop(connection: psycopg.Connection[Any], tenant_id: UUID, schema: str, role: str) -> tuple[int, int, int]:
    """Drop everything; returns how many sign-ins, jobs and archives that were."""
    people = connection.execute(
        "DELETE FROM public.memberships WHERE tenant_id = %s RETURNING user_id", [tenant_id]
    ).fetchall()
    sign_ins = connection.execute(_ALONE, [[user_id for (user_id,) in people]]).rowcount
    [archives] = connection.execute(_ARCHIVES, [tenant_id]).fetchone() or (0,)
    connection.execute(_JOBS_PATH)
    jobs = connection.execute(_JOBS, [str(tenant_id)]).rowcount
    connection.execute("DELETE FROM public.tenants WHERE id = %s", [tenant_id])
    connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema)))
    connection.execute(sql.SQL("DROP OWNED BY {r}; DROP ROLE {r}").format(r=sql.Identifier(role)))
    return sign_ins, jobs, archives


def _certify(connection: psycopg.Connection[Any], made: Certificate) -> None:
    counts = {"rows": made.rows, "jobs": made.jobs, "sign_ins": made.sign_ins, "archives": made.archives,
              "backups": made.backups, "former": made.former, "stays": made.stays}  # fmt: skip
    connection.execute(_CERTIFY, [
        made.id, made.tenant_id, made.slug, made.name, made.asked_by, made.asked_at, made.deleted_at, Jsonb(counts)
    ])  # fmt: skip


def certificates(database_url: str) -> list[Certificate]:
    """Return the certificates of all workspaces that were deleted, the latest first."""
    query = """
        SELECT id, tenant_id, slug, name, asked_by, asked_at, deleted_at, counts FROM public.deletion_certificates
        ORDER BY deleted_at DESC, id DESC
    """
    with connect(database_url) as connection:
        return [Certificate(*row[:7], **row[7]) for row in connection.execute(query)]


def _count(connection: psycopg.Connection[Any], schema: str) -> dict[str, int]:
    counted = {}
    for table in tables_of(connection, schema):
        query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, table.name))
        [counted[table.name]] = connection.execute(query).fetchone() or (0,)
    return counted
