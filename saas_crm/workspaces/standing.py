"""Whether a workspace is open to its people: read-only, closed, and open again.

Causes are kept one by one (`tenants.standing`), so the operator, billing and a deletion do not undo each other's. It
holds from the next request on, in every process: the database says so in the statement that finds the member.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
import structlog

from saas_crm.core.errors import NotFound
from saas_crm.workspaces.noting import note
from tenants.archive.writing import UnknownTenant
from tenants.context import ActiveTenant
from tenants.migrate import connect
from tenants.one_at_a_time import let_go
from tenants.standing import CLOSED, OPERATOR, READ_ONLY, RESTORING, Suspension, status_for

log = structlog.get_logger(__name__)
_ROW = "SELECT id, status FROM public.tenants WHERE slug = %s FOR UPDATE"
_ROW_BY_ID = "SELECT id, status FROM public.tenants WHERE id = %s FOR UPDATE"
_CAUSES = "SELECT cause, kind, reason, ask, until FROM public.suspensions WHERE tenant_id = %s ORDER BY cause"
_PUT = """
    INSERT INTO public.suspensions (tenant_id, cause, kind, reason, ask, until) VALUES (%s, %s, %s, %s, %s, %s)
    ON CONFLICT (tenant_id, cause) DO UPDATE SET kind = excluded.kind, reason = excluded.reason, ask = excluded.ask,
        until = excluded.until
"""
_BEFORE_CAUSES = """
    INSERT INTO public.suspensions (tenant_id, cause, kind)
    SELECT %(id)s, %(cause)s, %(kind)s
    WHERE NOT EXISTS (SELECT FROM public.suspensions WHERE tenant_id = %(id)s)
"""
_TAKE = "DELETE FROM public.suspensions WHERE tenant_id = %s AND cause = ANY(%s)"
_TAKE_WHAT_IS_OVER = "DELETE FROM public.suspensions WHERE tenant_id = %s AND cause = %s AND until <= now()"
_UNDER_WAY = "SELECT NOT pg_try_advisory_xact_lock(hashtextextended('restoring ' || %s, 0))"
_SET = "UPDATE public.tenants SET status = %s WHERE id = %s"
_OVER = (
    "SELECT t.id, t.slug, s.cause FROM public.suspensions s JOIN public.tenants t ON t.id = s.tenant_id"
    " WHERE s.until <= now() AND s.cause <> 'deletion' ORDER BY 2, 3"
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
        return put_cause(connection, tenant_id, status, why, member_id=member_id, through=through, operator=operator)


def put_cause(
    connection: psycopg.Connection[Any], tenant_id: UUID, status: str, why: Suspension, *,
    member_id: UUID | None = None, through: str = "command", operator: str = "",
) -> Standing:  # fmt: skip
    """Do the same in the transaction at hand, which holds the workspace's row (`held`).

    It comes last there: it may speak with the workspace's role from here on.
    """
    former = causes_of(connection, tenant_id)
    connection.execute(_PUT, [tenant_id, why.cause, why.kind, why.reason, why.ask, why.until])
    found = settle(connection, tenant_id, status)
    if why in former:
        return Standing(status, found.after, found.causes, changed=False)
    was = next((one for one in former if one.cause == why.cause), None)
    changes = {"cause": [None, why.cause], **_changes(was, why)}
    note(connection, tenant_id, "suspend", changes, member_id=member_id, through=through, operator=operator)
    return found


def lift(
    database_url: str, slug: str, cause: str = OPERATOR, *, member_id: UUID | None = None, through: str = "command",
    operator: str = "",
) -> Standing:  # fmt: skip
    """Take a cause away; with the last one the workspace is open again, and what waited goes on.

    The operator's word also lifts what a restore left behind that was killed; one that is under way goes on. Raises
    UnknownTenant and NotSuspendable.
    """
    with held(database_url, slug) as (connection, tenant_id, status):
        return take_cause(connection, tenant_id, status, cause, member_id=member_id, through=through, operator=operator)


def take_cause(
    connection: psycopg.Connection[Any], tenant_id: UUID, status: str, cause: str, *,
    member_id: UUID | None = None, through: str = "command", operator: str = "",
) -> Standing:  # fmt: skip
    """Do the same in the transaction at hand, which holds the workspace's row; last there, as `put_cause`."""
    former = [one for one in causes_of(connection, tenant_id) if one.cause in _lifted(connection, tenant_id, cause)]
    connection.execute(_TAKE, [tenant_id, [one.cause for one in former]])
    found = settle(connection, tenant_id, status)
    if not former and found.after == status:
        return Standing(status, status, found.causes, changed=False)
    for changes in [_gone(one) for one in former] or [{}]:
        note(connection, tenant_id, "resume", changes, member_id=member_id, through=through, operator=operator)
    return found


def _lifted(connection: psycopg.Connection[Any], tenant_id: UUID, cause: str) -> tuple[str, ...]:
    """Return the causes that are taken away together with one."""
    if cause not in (OPERATOR, RESTORING):
        return (cause,)
    under_way = connection.execute(_UNDER_WAY, [str(tenant_id)]).fetchone() == (True,)
    left_behind = () if under_way else (RESTORING,)
    return (OPERATOR, *left_behind) if cause == OPERATOR else left_behind


def lift_what_is_over(database_url: str) -> list[str]:
    """Take away all causes whose time is over; returns the slugs of their workspaces.

    What was prolonged meanwhile stays. One that cannot be opened is told in the log, and keeps no other waiting.
    """
    with connect(database_url) as connection:
        over = connection.execute(_OVER).fetchall()
    done = []
    for tenant_id, slug, cause in over:
        try:
            if _lift_if_over(database_url, tenant_id, cause):
                done.append(slug)
        except Exception as failed:
            log.error("suspension could not be ended", slug=slug, error=type(failed).__name__, exc_info=failed)
    return done


def _lift_if_over(database_url: str, tenant_id: UUID, cause: str) -> bool:
    with held(database_url, tenant_id) as (connection, _id, status):
        former = {one.cause: one for one in causes_of(connection, tenant_id)}
        if not connection.execute(_TAKE_WHAT_IS_OVER, [tenant_id, cause]).rowcount:
            return False
        settle(connection, tenant_id, status)
        note(connection, tenant_id, "resume", _gone(former[cause]), through="job")
    return True


def _changes(was: Suspension | None, why: Suspension | None) -> dict[str, list[str | None]]:
    """Return what is told of a cause that came, changed or went."""
    before, after = _said(was), _said(why)
    return {name: [before[name], after[name]] for name in before if before[name] != after[name]}


def _gone(one: Suspension) -> dict[str, list[str | None]]:
    return {"cause": [one.cause, None], **_changes(one, None)}


def _said(one: Suspension | None) -> dict[str, str | None]:
    if one is None:
        return dict.fromkeys(("kind", "reason", "ask", "until"))
    until = one.until.isoformat() if one.until else None
    return {"kind": one.kind, "reason": one.reason or None, "ask": one.ask or None, "until": until}


def causes_of(connection: psycopg.Connection[Any], tenant_id: UUID) -> tuple[Suspension, ...]:
    """Return why a workspace is not open."""
    return tuple(Suspension(*row) for row in connection.execute(_CAUSES, [tenant_id]))


@contextmanager
def held(database_url: str, slug: str | UUID) -> Iterator[tuple[psycopg.Connection[Any], UUID, str]]:
    """Yield a connection in a transaction that holds a workspace's row, its id and its status.

    Where the id is known it is to be given: a slug may be another's a moment later. Raises UnknownTenant and
    NotSuspendable.
    """
    with connect(database_url) as connection, connection.transaction():
        yield connection, *hold(connection, slug)


def hold(connection: psycopg.Connection[Any], slug: str | UUID) -> tuple[UUID, str]:
    """Hold a workspace's row in the transaction at hand; returns its id and its status. Raises the same."""
    row = connection.execute(_ROW_BY_ID if isinstance(slug, UUID) else _ROW, [slug]).fetchone()
    if row is None:
        raise UnknownTenant(str(slug))
    if row[1] == "closed":
        raise NotSuspendable(str(slug))
    _name_cause(connection, row[0], row[1])
    return row[0], row[1]


@contextmanager
def held_for(database_url: str, tenant: ActiveTenant) -> Iterator[tuple[psycopg.Connection[Any], UUID, str]]:
    """Do the same for a request of a member; raises NotFound where the workspace has just been deleted or replaced."""
    let_go()
    with ExitStack() as stack:
        try:
            found = stack.enter_context(held(database_url, tenant.id))
        except (UnknownTenant, NotSuspendable):
            raise NotFound from None
        yield found


def _name_cause(connection: psycopg.Connection[Any], tenant_id: UUID, status: str) -> None:
    """Give a workspace that was closed before causes were noted the operator's, so that no other one's end opens it."""
    if status in ("suspended", READ_ONLY):
        kind = READ_ONLY if status == READ_ONLY else CLOSED
        connection.execute(_BEFORE_CAUSES, {"id": tenant_id, "cause": OPERATOR, "kind": kind})


def settle(connection: psycopg.Connection[Any], tenant_id: UUID, before: str) -> Standing:
    """Bring a workspace's status in line with its causes."""
    causes = causes_of(connection, tenant_id)
    after = status_for(causes)
    if after != before:
        connection.execute(_SET, [after, tenant_id])
    return Standing(before, after, causes)
