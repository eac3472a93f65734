"""One connection at a time: who asks the shared tables holds none of a tenant's meanwhile.

Two engines are two connections. Where few are to be had (PgBouncer with a small pool), requests that hold one and wait
for another wait for each other, and all of them until their patience ends.
"""

from __future__ import annotations

from typing import cast

from sqlalchemy import text

from tenants.db import TenantSession, db

_CHANGES = text("SELECT pg_current_xact_id_if_assigned() IS NOT NULL")
"""PostgreSQL gives a transaction its number with the first row that it writes or holds."""


def let_go() -> None:
    """End the tenant's transaction if all it did was to read; the next read begins another.

    What it has changed or holds stays as it is: that is for the commit at the edge. Not between the rows of `stream`,
    and not where a place of an export is taken: that is held until the file is made.
    """
    session = cast("TenantSession", db.session())
    if not session.in_transaction() or session.in_nested_transaction():
        return
    if session.new or session.dirty or session.deleted or session.scalar(_CHANGES):
        return
    session.commit()
