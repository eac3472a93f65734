"""Which backups of a workspace are kept, as far as it is known here: written down by whoever has seen the place.

Web processes know no place for backups and never look there. Each night's backup leaves the list as if an operator had
asked for it, so the console has it too; who looked last has the last word.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy import select
from sqlalchemy.exc import ProgrammingError

from saas_crm.operators.models import OperatorWork
from saas_crm.operators.rules import moment_of
from saas_crm.operators.work import BACKUPS
from saas_crm.workspaces.events import BackedUp
from tenants.db import new_id
from tenants.directory import shared_reader
from tenants.migrate import connect
from tenants.runtime import runtime_settings

_FORGET = "DELETE FROM public.operator_work WHERE tenant_id = %s AND kind = %s AND asked_by IS NULL"
_PUT = """
    INSERT INTO public.operator_work (id, kind, tenant_id, asked, state, done, total, ended_at)
    VALUES (%s, %s, %s, %s, 'done', %s, %s, now())
"""
_GONE = """
    DELETE FROM public.operator_work w
    WHERE w.kind = %s AND NOT EXISTS (SELECT FROM public.tenants t WHERE t.id = w.tenant_id)
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """The newest backup's moment and size in bytes, how many are kept, and the oldest one's moment."""

    made_at: datetime
    size: int
    count: int
    since: datetime


def note_backups(owner_url: str, done: BackedUp) -> None:
    """Write down which backups a workspace has, in the place of what the night before wrote; by the owner's login.

    Where the shared tables are a release behind nothing is written.
    """
    found = [{"stamp": stamp, "size": size} for stamp, size in done.kept]
    values = [new_id(), BACKUPS, done.tenant_id, Jsonb({"found": found}), len(found), len(found)]
    try:
        with connect(owner_url) as connection, connection.transaction():
            connection.execute(_FORGET, [done.tenant_id, BACKUPS])
            connection.execute(_PUT, values)
    except psycopg.errors.UndefinedTable:
        return


def after_backup(done: BackedUp) -> None:
    """Do the same in the worker, which has the owner's login."""
    note_backups(runtime_settings().owner_url, done)


def forget_those_gone(owner_url: str) -> None:
    """Forget which backups workspaces had that are deleted: theirs are gone too."""
    with connect(owner_url) as connection:
        connection.execute(_GONE, [BACKUPS])


def kept_backups(tenant_id: UUID) -> Kept | None:
    """Return what is known of a workspace's backups; None where nobody has seen one, or the tables are behind."""
    table = OperatorWork
    query = (
        select(table.asked)
        .where(table.tenant_id == tenant_id, table.kind == BACKUPS, table.state == "done")
        .order_by(table.id.desc())
        .limit(1)
    )
    try:
        with shared_reader() as connection:
            asked = connection.scalar(query)
    except ProgrammingError as failed:
        if isinstance(failed.orig, psycopg.errors.UndefinedTable):
            return None
        raise
    found = [(moment, each["size"]) for each in (asked or {}).get("found", []) if (moment := moment_of(each["stamp"]))]
    return Kept(found[0][0], found[0][1], len(found), found[-1][0]) if found else None
