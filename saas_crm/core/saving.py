"""What the database refuses because of somebody else, said in the business's words.

A record is made whose key a client sends twice; a record is named that was deleted a moment ago.
"""

from __future__ import annotations

from typing import Any

import psycopg
from sqlalchemy import ColumnElement, Engine, event, exists, false, or_, select
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import IntegrityError

from saas_crm.core.audit import AuditEntry
from saas_crm.core.errors import AlreadyExists, NamesGone
from saas_crm.core.i18n import gettext as _
from saas_crm.core.records import Record
from tenants.context import tenant_or_none
from tenants.db import db

NAMED_IS_GONE = "23503"
CONTRADICTIONS = (NAMED_IS_GONE, "23505", "23P01")
"""SQLSTATEs: a record named is gone meanwhile, or one was made meanwhile that may be there only once."""


def contradicts(error: Exception) -> bool:
    """Whether the database refused a write because of what somebody else wrote at the same moment."""
    return isinstance(error, IntegrityError) and getattr(error.orig, "sqlstate", "") in CONTRADICTIONS


def broken_rule(error: Exception) -> str:
    """Return the name of the constraint a contradiction broke, for the log: it says where, and nothing of anybody."""
    found: Any = getattr(error, "orig", None)
    return found.diag.constraint_name or "" if isinstance(found, psycopg.Error) else ""


def insert(record: Record, *, may_exist: bool, was_there: ColumnElement[bool] | None = None) -> None:
    """Write a new record; with a client-made key (`may_exist`) a second one raises AlreadyExists.

    So does the key of one that is gone for good, as the log or `was_there` knows: what was purged or erased does not
    come back with a program that tries again, nor its history to somebody else.

    Only then is a savepoint needed, so that the rest of the transaction survives the refusal.
    """
    if not may_exist:
        db.session.add(record)
        db.session.flush()
        return
    if record.id is not None and db.session.scalar(
        select(or_(_is_logged(record), false() if was_there is None else was_there))
    ):
        raise AlreadyExists(str(record.id))
    try:
        with db.session.begin_nested():
            db.session.add(record)
            db.session.flush()
    except IntegrityError as refused:
        if getattr(refused.orig, "sqlstate", "") == "23505":
            raise AlreadyExists(str(record.id)) from refused
        raise


def _is_logged(record: Record) -> ColumnElement[bool]:
    """Whether the log knows the key, of whatever kind of record: what goes by keys alone takes each for one record."""
    return exists(select(AuditEntry.id).where(AuditEntry.record_id == record.id))


@event.listens_for(Engine, "handle_error")
def _tell_what_is_gone(context: ExceptionContext) -> None:
    """Raise NamesGone, by its field, for a row written in a workspace that refers to one that is there no more.

    Only who writes the reference is told so. That a record cannot be deleted because others refer to it is the same
    error of the database's, and stays what it is.
    """
    refused: Any = context.original_exception
    if getattr(refused, "sqlstate", "") != NAMED_IS_GONE or tenant_or_none() is None:
        return
    if (context.statement or "").lstrip()[:6].upper() not in ("INSERT", "UPDATE"):
        return
    column = _referring(refused.diag.table_name or "", refused.diag.constraint_name or "")
    message = _("This has just been deleted. Choose another one, or leave it empty.")
    raise NamesGone({column: message}, {column: "unknown"}) from refused


def _referring(table: str, constraint: str) -> str:
    """Return the column that a foreign key is about, by the constraint's name (tenants.db.NAMING), "" for none."""
    found = db.metadatas[None].tables.get(table)
    columns = [column.key for column in found.columns if column.foreign_keys] if found is not None else []
    return max((key for key in columns if constraint.startswith(f"fk_{table}_{key}")), key=len, default="")
