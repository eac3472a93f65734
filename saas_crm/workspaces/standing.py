"""Whether a workspace is open to its people: read-only, closed, and open again.

Causes are kept one by one (`tenants.standing`), so the operator, billing and a deletion do not undo each other's. It
holds from the next request on, in every process: the database says so in the statement that finds the member.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg

from saas_crm.workspaces.noting import note
from tenants.archive.writing import UnknownTenant
from tenants.migrate import connect
from tenants.standing import OPERATOR, Suspension, status_for

_ROW = "SELECT id, status FROM public.tenants WHERE slug = %s FOR UPDATE"
_CAUSES = "SELECT cause, kind, reason, ask, until FROM public.suspensions WHERE tenant_id = %s ORDER BY cause"
_PUT = """
    INSERT INTO public.suspensions (tenant_id, cause, kind, reason, ask, until) VALUES (%s, %s, %s, %s, %s, %s)
    ON CONFLICT (tenant_id, cause) DO UPDATE SET kind = excluded.kind, reason = excluded.reason, ask = excluded.ask,
        until = excluded.until
"""
_TAKE = "DELETE FROM public.suspensions WHERE tenant_id = %s AND cause = %s"
_SET = "UPDATE public.tenants SET status = %s WHERE id = %s"
_OVER = (
    "SELECT t.slug, s.cause FROM public.suspensions s JOIN public.tenants t ON t.id = s.tenant_id"
    " WHERE s.until <= now() AND s.cause <> 'deletion' ORDER BY 1, 2"
)


class NotSuspendable(ValueError):
    """The workspace is none that can be suspended or resumed: the former data of one that was restored."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What became of a workspace: the status it had and has, and the causes that remain."""

    before: str
    after: str
    causes: tuple[Suspension, ...] = ()
    changed: bool = True


def suspend(
    database_url: str, slug: str, why: Suspension, *, member_id: UUID | None = None, through: str = "command",
    operator: str = "",
) -> Standing:  # fmt: skip
    """Let a workspace's people only read it, or not come in, for one cause; said again it changes what was said before.

    An `operator` is named in the workspace's log. Raises UnknownTenant and NotSuspendable.
    """
    with held(database_url, slug) as (connection, tenant_id, status):
        former = causes_of(connection, tenant_id)
        connection.execute(_PUT, [tenant_id, why.cause, why.kind, why.reason, why.ask, why.until])
        found = settle(connection, tenant_id, status)
        if why in former:
            return Standing(status, found.after, found.causes, changed=False)
        said = {"kind": why.kind, "reason": why.reason, "until": why.until and why.until.isoformat()}
        changes = {name: [None, value] for name, value in said.items() if value}
        note(connection, slug, "suspend", changes, member_id=member_id, through=through, operator=operator)
    return found


def lift(
    database_url: str, slug: str, cause: str = OPERATOR, *, member_id: UUID | None = None, through: str = "command",
    operator: str = "",
) -> Standing:  # fmt: skip
    """Take a cause away; with the last one the workspace is open again, and what waited goes on.

    Raises UnknownTenant and NotSuspendable.
    """
    with held(database_url, slug) as (connection, tenant_id, status):
        gone = connection.execute(_TAKE, [tenant_id, cause]).rowcount
        found = settle(connection, tenant_id, status)
        if not gone and found.after == status:
            return Standing(status, status, found.causes, changed=False)
        note(connection, slug, "resume", member_id=member_id, through=through, operator=operator)
    return found


def lift_what_is_over(database_url: str) -> list[str]:
    """Take away all causes whose time is over; returns the slugs of their workspaces."""
    with connect(database_url) as connection:
        over = connection.execute(_OVER).fetchall()
    for slug, cause in over:
        lift(database_url, slug, cause, through="job")
    return [slug for slug, _cause in over]


def causes_of(connection: psycopg.Connection[Any], tenant_id: UUID) -> tuple[Suspension, ...]:
    """Return why a workspace is not open."""
    return tuple(Suspension(*row) for row in connection.execute(_CAUSES, [tenant_id]))


@contextmanager
def held(database_url: str, slug: str) -> Iterator[tuple[psycopg.Connection[Any], UUID, str]]:
    """Yield a connection in a transaction that holds a workspace's row, its id and its status."""
    with connect(database_url) as connection, connection.transaction():
        row = connection.execute(_ROW, [slug]).fetchone()
        if row is None:
            raise UnknownTenant(slug)
        if row[1] == "closed":
            raise NotSuspendable(slug)
        yield connection, row[0], row[1]


def settle(connection: psycopg.Connection[Any], tenant_id: UUID, before: str) -> Standing:
    """Bring a workspace's status in line with its causes."""
    causes = causes_of(connection, tenant_id)
    after = status_for(causes)
    if after != before:
        connection.execute(_SET, [after, tenant_id])
    return Standing(before, after, causes)
