"""The end of a workspace that its owner asks for: days of grace, reminders, and the deletion itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
import structlog
from sqlalchemy import select

from saas_crm.access.permissions import CurrentMember
from saas_crm.access.role_rules import OWNER
from saas_crm.core.clock import now, today_in
from saas_crm.core.errors import Forbidden
from saas_crm.core.events import publish
from saas_crm.workspaces.deleting import Certificate, NotDue, delete_workspace
from saas_crm.workspaces.events import DeletionComes, DeletionDecided
from saas_crm.workspaces.letters import Reader, deletion_asked, deletion_done, deletion_near, owners_of, post
from saas_crm.workspaces.noting import note
from saas_crm.workspaces.rules import reminder_due
from saas_crm.workspaces.standing import held_for, settle
from tenants.address import address_of, domain_address
from tenants.archive.writing import UnknownTenant
from tenants.context import ActiveTenant, entry_statement
from tenants.directory import shared_reader
from tenants.migrate import connect
from tenants.models import TenantDeletion
from tenants.one_at_a_time import let_go

log = structlog.get_logger(__name__)
GRACE = timedelta(days=30)
_ASK = """
    INSERT INTO public.tenant_deletions (tenant_id, asked_by, due_at) VALUES (%s, %s, %s)
    ON CONFLICT (tenant_id) DO NOTHING RETURNING due_at
"""
_CLOSE = """
    INSERT INTO public.suspensions (tenant_id, cause, kind, reason, until) VALUES (%s, 'deletion', 'closed', %s, %s)
"""
_KEEP = "DELETE FROM public.tenant_deletions WHERE tenant_id = %s"
_OPEN = "DELETE FROM public.suspensions WHERE tenant_id = %s AND cause = 'deletion'"
_PENDING = """
    SELECT t.id, t.slug, t.name, t.role_name, t.schema_name, t.timezone, d.due_at
    FROM public.tenant_deletions d JOIN public.tenants t ON t.id = d.tenant_id ORDER BY d.due_at
"""
_HOLD = "SELECT reminded FROM public.tenant_deletions WHERE tenant_id = %s FOR UPDATE"
_REMINDED = "UPDATE public.tenant_deletions SET reminded = %s WHERE tenant_id = %s"
_KNOWS_DOMAINS = "SELECT to_regclass('public.tenant_domains') IS NOT NULL"
_DOMAIN = "SELECT domain FROM public.tenant_domains WHERE tenant_id = %s AND verified_at IS NOT NULL"
_LIMIT_MS = 15_000
PAGE = "/settings/deletion"


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asked for the deletion, when, and the day it comes."""

    by: str
    at: datetime
    due: datetime


def deletion_of(tenant: ActiveTenant) -> Asked | None:
    """Return what was asked for, None where nobody did."""
    query = select(TenantDeletion.asked_by, TenantDeletion.asked_at, TenantDeletion.due_at)
    let_go()
    with shared_reader() as connection:
        row = connection.execute(query.where(TenantDeletion.tenant_id == tenant.id)).one_or_none()
    return Asked(*row) if row else None


def end_of_grace(timezone: str, at: datetime | None = None) -> datetime:
    """Return the last moment of the last day of grace where the workspace is: all of the day that is told is left."""
    last = today_in(timezone, at) + GRACE
    return datetime.combine(last, time(23, 59, 59), ZoneInfo(timezone))


def ask_deletion(database_url: str, base_url: str, tenant: ActiveTenant, *, actor: CurrentMember) -> bool:
    """Let a workspace be deleted after the days of grace: from now on only its owners can come in, and only read.

    All owners are told by mail. Returns False, and changes nothing, where it was asked for already. Raises Forbidden
    and NotFound.
    """
    if actor.role_key != OWNER:
        raise Forbidden(OWNER)
    return begin(database_url, base_url, tenant, by=actor.name, member_id=actor.id, through="web")


def begin(
    database_url: str, base_url: str, tenant: ActiveTenant, *, by: str, member_id: UUID | None = None,
    through: str = "job",
) -> bool:  # fmt: skip
    """Do the same for whoever may: a member, or what follows from nobody having paid. Raises NotFound."""
    with held_for(database_url, tenant) as (connection, tenant_id, status):
        due = end_of_grace(tenant.timezone)
        if connection.execute(_ASK, [tenant_id, by, due]).fetchone() is None:
            return False
        connection.execute(_CLOSE, [tenant_id, by, due])
        publish(DeletionDecided(connection, tenant_id))
        settle(connection, tenant_id, status)
        note(connection, tenant_id, "ask_deletion", {"due_at": [None, due.isoformat()]}, member_id=member_id,
             through=through)  # fmt: skip
        url = f"{address_of(tenant, base_url)}{PAGE}"
        post(connection, owners_of(connection), partial(
            deletion_asked, workspace=tenant.name, who=by, due=due, url=url
        ))  # fmt: skip
    return True


def keep(database_url: str, tenant: ActiveTenant, *, actor: CurrentMember) -> bool:
    """Take the deletion back: the workspace is as it was. Returns False where nobody had asked.

    Raises Forbidden, and NotFound where it has just been deleted.
    """
    if actor.role_key != OWNER:
        raise Forbidden(OWNER)
    with held_for(database_url, tenant) as (connection, tenant_id, status):
        if not connection.execute(_KEEP, [tenant_id]).rowcount:
            return False
        connection.execute(_OPEN, [tenant_id])
        publish(DeletionDecided(connection, tenant_id))
        settle(connection, tenant_id, status)
        note(connection, tenant_id, "keep", member_id=actor.id, through="web")
    return True


def remind(database_url: str, base_url: str) -> int:
    """Mail the owners of workspaces whose day comes near, once for each reminder; returns how many mails.

    A workspace whose owners cannot be told is passed over, told in the log, and tried again the next night.
    """
    with connect(database_url) as connection:
        pending = connection.execute(_PENDING).fetchall()
    told = 0
    for row in pending:
        try:
            told += _remind_one(database_url, base_url, row)
        except Exception as failed:
            log.error("owners could not be reminded", slug=row[1], error=type(failed).__name__, exc_info=failed)
    return told


def _remind_one(database_url: str, base_url: str, row: tuple[Any, ...]) -> int:
    tenant_id, slug, name, role, schema, zone, due = row
    with connect(database_url) as connection, connection.transaction():
        held_row = connection.execute(_HOLD, [tenant_id]).fetchone()
        days = reminder_due(due, now(), held_row[0]) if held_row else None
        if days is None:
            return 0
        connection.execute(_REMINDED, [days, tenant_id])
        address = address_by(connection, tenant_id, slug, base_url)
        connection.execute(entry_statement(role, schema, _LIMIT_MS))
        day = due.astimezone(ZoneInfo(zone))
        letter = partial(deletion_near, workspace=name, days=days, due=day, url=f"{address}{PAGE}")
        return post(connection, owners_of(connection), letter)


def address_by(connection: psycopg.Connection[Any], tenant_id: UUID, slug: str, base_url: str) -> str:
    """Return a workspace's address for a mail; where the shared tables are a release behind, its slug's."""
    if connection.execute(_KNOWS_DOMAINS).fetchone() != (True,):
        return f"{base_url}/{slug}"
    row = connection.execute(_DOMAIN, [tenant_id]).fetchone()
    return domain_address(row[0], base_url) if row else f"{base_url}/{slug}"


def end_those_due(owner_url: str, forget_backups: Callable[[UUID], int] | None = None) -> list[Certificate]:
    """Delete every workspace whose day has come, and tell its owners; one that cannot be is tried again the next night.

    Returns the certificates.
    """
    with connect(owner_url) as connection:
        due = [(row[0], row[1]) for row in connection.execute(_PENDING).fetchall() if row[6] <= now()]
    done = []
    for tenant_id, slug in due:
        try:
            publish(DeletionComes(tenant_id))
            done.append(delete_workspace(owner_url, slug, forget_backups, farewell=say_farewell, only_if_due=True))
        except (NotDue, UnknownTenant):
            log.info("deletion taken back at the last moment")
        except Exception as failed:
            log.error("workspace could not be deleted", slug=slug, error=type(failed).__name__, exc_info=failed)
    return done


def say_farewell(connection: psycopg.Connection[Any], readers: list[Reader], certificate: Certificate) -> None:
    """Tell those who were the owners of a workspace that it is deleted."""
    post(connection, readers, partial(
        deletion_done, workspace=certificate.name, number=str(certificate.id), stays=bool(certificate.stays)
    ))  # fmt: skip
