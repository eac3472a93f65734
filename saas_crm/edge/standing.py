"""Whether this request may be answered as the workspace stands: open, read-only, or closed to who asks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import psycopg
from flask import g, request
from werkzeug.exceptions import NotFound

from saas_crm.access.permissions import SALES, CurrentMember
from saas_crm.access.role_rules import OWNER
from saas_crm.edge.current import directory
from saas_crm.edge.declared import works_for_signing_in, works_while_read_only, works_without_seat
from saas_crm.edge.viewing import READING, viewing
from tenants.context import ActiveTenant
from tenants.directory import shared_tables_behind
from tenants.one_at_a_time import let_go
from tenants.versions import lacks_tables

WITHHELD = frozenset(
    f"{resource}:{action}" for resource in SALES for action in ("create", "update", "assign", "share")
) | {"member:create"}  # fmt: skip
"""What pages do not offer while a workspace, or a member, can only read."""


class WorkspaceUnavailable(Exception):
    """The workspace exists but cannot be used now: "suspended", "closed", "upgrading" or "busy"."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class WorkspaceReadOnly(Exception):
    """Something was to be changed in a workspace that may only be read now."""


class SeatMissing(Exception):
    """Something was to be changed by a member who has none of the plan's seats."""


def awaits_upgrade(error: Exception) -> bool:
    """Whether a request failed for want of a table or a column that `db upgrade` will bring.

    To its workspace, or, where it stands outside any, to the shared tables.
    """
    missing = isinstance(getattr(error, "orig", error), psycopg.errors.UndefinedTable | psycopg.errors.UndefinedColumn)
    if not missing:
        return False
    tenant: ActiveTenant | None = g.get("tenant")
    return lacks_tables(tenant) if tenant is not None else shared_tables_behind()


def has_gone(error: Exception) -> bool:
    """Whether a request failed since its workspace was deleted while this process remembered it: its role is gone."""
    tenant: ActiveTenant | None = g.get("tenant")
    if tenant is None or not isinstance(getattr(error, "orig", error), psycopg.errors.InvalidParameterValue):
        return False
    return directory().renew(tenant.id) is None


def check_standing(tenant: ActiveTenant, member: CurrentMember | None, view: Any, *, page: bool) -> None:
    """Raise WorkspaceUnavailable, WorkspaceReadOnly or NotFound where the workspace does not let this request in.

    The database said how it stands in the statement that found the member. Where this process remembers otherwise, it
    looks the tenant up anew (`g.tenant`): so what is decided elsewhere holds from the next request on. A `page` that is
    only read is made `for_reading`.
    """
    if member is not None and (member.workspace_standing or tenant.standing) != tenant.standing:
        let_go()
        renewed = directory().renew(tenant.id)
        if renewed is None:
            raise NotFound
        if (
            renewed.schema_name != tenant.schema_name
        ):  # restored in place just now: this request stands in the former data
            raise WorkspaceUnavailable("upgrading")
        g.tenant = tenant = renewed
    if tenant.is_open:
        return
    if tenant.access(owner=is_owner(member) or works_for_signing_in(view)) == "closed":
        raise WorkspaceUnavailable(tenant.status)
    if request.method not in READING and not works_while_read_only(view):
        raise WorkspaceReadOnly
    if page and member is not None and request.method in READING:
        g.member = for_reading(member)


def check_seat(member: CurrentMember | None, view: Any, *, page: bool) -> None:
    """Raise SeatMissing where who has none of the plan's seats asks for a change; a `page` is made `for_reading`.

    Whether they have one came with the member.
    """
    if member is None or member.seated:
        return
    if request.method not in READING and not works_without_seat(view):
        raise SeatMissing
    if page and request.method in READING:
        g.member = for_reading(g.member)


def for_reading(member: CurrentMember) -> CurrentMember:
    """Return the member as pages are made for where one can only read: offered is what can be done.

    Deleting stays: by it one reads the recycle bin. What is refused is decided by the method, not by this.
    """
    left = {name: scope for name, scope in member.permissions.items() if name not in WITHHELD}
    return replace(member, permissions=left)


def is_owner(member: CurrentMember | None) -> bool:
    """Whether who asks owns the workspace, also while they look at it as somebody else."""
    present = viewing()
    reader = present.reader if present else member
    return reader is not None and reader.role_key == OWNER
