"""Sign-ins in the logs of the person's workspaces.

A sign-in happens outside any workspace, and the request must not wait for all of somebody's. So it defers one job, in
the transaction that opens or ends the session; the job goes from workspace to workspace, and writes the row there in
the member's name, with the moment and the origin of the sign-in itself. Run again it writes nothing twice: the id of
the row is made here.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import Connection

from saas_crm.core.clock import now
from saas_crm.core.jobs import defer
from tenants.db import new_id


def tell_workspaces(
    connection: Connection, action: str, origin: Mapping[str, str], *, user_id: UUID | None = None, email: str = "",
    through: str = "web",
) -> None:  # fmt: skip
    """See to it that "sign_in", "sign_in_failed", "sign_out" and the like reach the person's workspaces.

    What came `through` a "command" was not they.

    Who it was is found by the job where only an e-mail address is known: so every address takes the same time here.
    """
    defer(
        connection, "access.note_sign_in", entry_id=str(new_id()), moment=now().isoformat(), action=action,
        origin=dict(origin), user_id=str(user_id or ""), email=email, through=through,
    )  # fmt: skip


def tell_end_of_viewing(
    connection: Connection, origin: Mapping[str, str], *, tenant_id: str, reader_id: str, member_id: str
) -> None:
    """See to it that the workspace's log tells that a member who looked as another one signed out."""
    defer(
        connection, "access.note_view_as_end", entry_id=str(new_id()), moment=now().isoformat(), origin=dict(origin),
        workspace_id=tenant_id, reader_id=reader_id, member_id=member_id,
    )  # fmt: skip
