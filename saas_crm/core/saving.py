"""Inserting a record whose key may come from a client that sends it twice."""

from __future__ import annotations

from sqlalchemy.exc import IntegrityError

from saas_crm.core.errors import AlreadyExists
from saas_crm.core.records import Record
from tenants.db import db


def insert(record: Record, *, may_exist: bool) -> None:
    """Write a new record; with a client-made key (`may_exist`) a second one raises AlreadyExists.

    Only then is a savepoint needed, so that the rest of the transaction survives the refusal.
    """
    if not may_exist:
        db.session.add(record)
        db.session.flush()
        return
    try:
        with db.session.begin_nested():
            db.session.add(record)
            db.session.flush()
    except IntegrityError as refused:
        if getattr(refused.orig, "sqlstate", "") == "23505":
            raise AlreadyExists(str(record.id)) from refused
        raise
