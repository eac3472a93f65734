"""Sign-ins in the person's own log and in those of their workspaces.

A sign-in happens outside any workspace, and the request must not wait for all of somebody's. So it defers one job, in
the transaction that opens or ends the session; the job goes from workspace to workspace, and writes the row there in
the member's name, with the moment and the origin of the sign-in itself. Run again it writes nothing twice: the id of
the row is made here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import ProgrammingError

from saas_crm.access.sign_in_models import SignInEntry
from saas_crm.core.clock import now
from saas_crm.core.jobs import defer
from saas_crm.core.keyset import Order, Page, cut, page
from tenants.db import SHARED, AnyRow, db, new_id
from tenants.directory import shared_reader

KEPT = timedelta(days=180)
"""How long a person's own log goes back."""
ORDER = Order(SignInEntry.at, descending=True)


def tell_workspaces(
    connection: Connection, action: str, origin: Mapping[str, str], *, user_id: UUID | None = None, email: str = "",
    through: str = "web", only: UUID | None = None,
) -> None:  # fmt: skip
    """See to it that "sign_in", "sign_in_failed", "sign_out" and the like reach the person's workspaces.

    What came `through` a "command" was not they. What one workspace's provider said is told in that one `only`.

    Who it was is found by the job where only an e-mail address is known: so every address takes the same time here.
    """
    told: dict[str, Any] = {"workspace_id": str(only)} if only else {}
    defer(
        connection, "access.note_sign_in", entry_id=str(new_id()), moment=now().isoformat(), action=action,
        origin=dict(origin), user_id=str(user_id or ""), email=email, through=through, **told,
    )  # fmt: skip


def tell_end_of_viewing(
    connection: Connection, origin: Mapping[str, str], *, tenant_id: str, reader_id: str, member_id: str
) -> None:
    """See to it that the workspace's log tells that a member who looked as another one signed out."""
    defer(
        connection, "access.note_view_as_end", entry_id=str(new_id()), moment=now().isoformat(), origin=dict(origin),
        workspace_id=tenant_id, reader_id=reader_id, member_id=member_id,
    )  # fmt: skip


def note_own(user_id: UUID, *, entry_id: UUID, at: datetime, action: str, origin: Mapping[str, str]) -> None:
    """Write one line of a person's own log; written again it stays one. A release behind there is no such log."""
    line = insert(SignInEntry).values(id=entry_id, user_id=user_id, at=at, action=action, origin=dict(origin))
    try:
        with db.engines[SHARED].begin() as connection:
            connection.execute(line.on_conflict_do_nothing())
    except ProgrammingError as failed:
        if not isinstance(failed.orig, psycopg.errors.UndefinedTable):
            raise


def own_log(user_id: UUID, *, after: Sequence[Any] | None = None, limit: int = 50) -> Page[AnyRow]:
    """Return one page of what happened to a person's sign-in, newest first."""
    query = select(SignInEntry.id, SignInEntry.at, SignInEntry.action, SignInEntry.origin).where(
        SignInEntry.user_id == user_id
    )
    with shared_reader() as connection:
        rows = connection.execute(page(query, ORDER, SignInEntry.id, after=after, limit=limit)).all()
    return cut(rows, limit, "at")


def forget_own_logs(connection: Connection) -> None:
    """Remove the lines that are older than they are kept."""
    connection.execute(delete(SignInEntry).where(SignInEntry.at < now() - KEPT))
