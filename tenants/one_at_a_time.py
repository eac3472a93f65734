"""One connection at a time: who asks the shared tables holds none of a tenant's meanwhile.

Two engines are two connections. Where few are to be had (PgBouncer with a small pool), requests that hold one and wait
for another wait for each other, and all of them until their patience ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from flask import has_app_context
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from tenants.context import ActiveTenant
from tenants.db import TenantSession, db, enter

_CHANGES = text("SELECT pg_current_xact_id_if_assigned() IS NOT NULL")
"""PostgreSQL gives a transaction its number with the first row that it writes or holds."""


def let_go(*, keep: bool = False) -> None:
    """End the tenant's transaction if all it did was to read; the next read begins another.

    What it has changed or holds stays as it is: that is for the commit at the edge. To `keep` it now is for who reads
    and has changed nothing but when a token was used. Not between the rows of `stream`, and not where a place of an
    export is taken: that is held until the file is made.
    """
    if not has_app_context() or not db.session.registry.has():
        return
    session = cast("TenantSession", db.session())
    if not session.in_transaction() or session.in_nested_transaction():
        return
    if not keep and (session.new or session.dirty or session.deleted or session.scalar(_CHANGES)):
        return
    session.commit()


@contextmanager
def step_in(connection: Connection, tenant: ActiveTenant) -> Iterator[Session]:
    """Go on as the tenant in a transaction that began at the shared tables, for good: those are out of reach from here.

    So what belongs to both is written on one connection, all or nothing.
    """
    enter(connection, tenant)
    with Session(connection, join_transaction_mode="rollback_only", expire_on_commit=False) as session:
        yield session
        session.flush()
