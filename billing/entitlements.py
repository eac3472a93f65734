"""What a workspace may do by what it has: the one place that writes a tenant's plan."""

from __future__ import annotations

from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

import psycopg
import structlog
from psycopg import sql
from psycopg.types.json import Jsonb
from sqlalchemy import Connection, func, select

from billing.plans import FREE, Catalogue, Limit, UnknownPlan, catalogue
from billing.rules import Standing, standing_by_clock
from billing.subscriptions import NAMES, of_row
from saas_crm.access.seat_letters import JOB as TELL_SEATS
from saas_crm.core.jobs import defer
from tenants import plan as tenants_plan
from tenants.db import SHARED, db

log = structlog.get_logger(__name__)
BATCH = 200
_LOCK_TIMEOUT = "SET LOCAL lock_timeout = '10s'"
# Who has no plan had it before billing was off: `billing.switching` gives it back.
_BATCH = """
    SELECT t.id, t.plan FROM public.tenants t
    WHERE t.id > %(after)s AND t.plan IS NOT NULL
        AND EXISTS (SELECT FROM public.subscriptions s WHERE s.tenant_id = t.id)
    ORDER BY t.id LIMIT %(most)s FOR UPDATE OF t
"""
_HELD = sql.SQL(
    "SELECT {} FROM public.subscriptions WHERE tenant_id = ANY(%(ids)s) ORDER BY tenant_id FOR UPDATE"
).format(sql.SQL(", ").join(map(sql.Identifier, NAMES)))
_KEPT = "SELECT plan FROM public.tenants WHERE id = %(id)s"
_WRITE = """
    WITH former AS (SELECT id, plan -> 'limits' -> 'members' AS seats FROM public.tenants WHERE id = %(id)s)
    UPDATE public.tenants SET plan = %(plan)s FROM former
    WHERE tenants.id = former.id AND plan IS DISTINCT FROM %(plan)s
    RETURNING former.seats IS DISTINCT FROM %(plan)s::jsonb -> 'limits' -> 'members'
"""


def entitled(standing: Standing, offered: Catalogue) -> tenants_plan.Plan:
    """Return what a workspace that stands so may do; raises UnknownPlan for a plan that is not described any more."""
    if standing.state == "trialing":
        found = offered.plan(standing.plan).entitles(offered.trial.limits)
    else:
        found = offered.plan(FREE if standing.state == "free" else standing.plan).entitles(_by_hand(standing))
    return tenants_plan.Plan(
        found.key, found.limits, found.features, standing.state, standing.until, standing.ending
    )  # fmt: skip


def _by_hand(standing: Standing) -> dict[Limit, int] | None:
    """Return what an operator's arrangement allows in the plan's place: as many members as it has seats."""
    return {"members": standing.seats} if standing.source == "manual" and standing.seats else None


def write(connection: Connection | psycopg.Connection[Any], tenant_id: UUID, standing: Standing) -> bool:
    """Write what a workspace may do beside its subscription, in the same transaction; returns whether that is new.

    The transaction does not speak with a workspace's role yet. Where there are more or fewer seats now, who loses one
    is told (`access.seat_letters`).
    Whoever has a plan that is not offered any more keeps what it allowed: only its state is written. Processes that
    remember the tenant see it within seconds (`Directory`).
    """
    try:
        plan = entitled(standing, catalogue())
    except UnknownPlan:
        row = _run(connection, _KEPT, {"id": tenant_id}).fetchone()
        log.warning("plan is not described any more", plan=standing.plan, tenant=str(tenant_id))
        former = tenants_plan.plan_of(row[0] if row else None)
        plan = tenants_plan.Plan(
            standing.plan, former.limits, former.features, standing.state, standing.until, standing.ending
        )
    written = _run(connection, _WRITE, {"id": tenant_id, "plan": Jsonb(plan.as_json())}).fetchone()
    if written is not None and written[0]:
        defer(connection, TELL_SEATS, queueing_lock=f"{TELL_SEATS}:{tenant_id}", tenant=str(tenant_id))
    return written is not None


def _run(
    connection: Connection | psycopg.Connection[Any], statement: LiteralString | sql.Composed, values: dict[str, Any]
) -> Any:
    """Run a statement of this module by either of the two libraries that open connections here."""
    if isinstance(connection, psycopg.Connection):
        return connection.execute(statement, values)
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return driver.execute(statement, values)


def renew(now: datetime) -> int:
    """Write anew what every workspace with a subscription may do: the file of the plans may have changed.

    Some at a time, each time in a transaction of its own that holds their rows as `settle` does, the workspace's before
    the subscription's, and in the order of their ids: so it waits for who settles one just then, and sees what came of
    it. Interrupted, it is said again: who has what they should is only read. Returns how many were changed.
    """
    after, changed = UUID(int=0), 0
    while True:
        with db.engines[SHARED].begin() as connection:
            _run(connection, _LOCK_TIMEOUT, {})
            known = {row[0]: row[1] for row in _run(connection, _BATCH, {"after": after, "most": BATCH})}
            rows = _run(connection, _HELD, {"ids": list(known)}).fetchall()
            for row in map(of_row, rows):
                standing = standing_by_clock(row, now)
                if _differs(known[row.tenant_id], standing):
                    changed += write(connection, row.tenant_id, standing)
        if len(known) < BATCH:
            return changed
        after = max(known)


def _differs(kept: Any, standing: Standing) -> bool:
    """Whether something else is to be written; of a plan that is not described any more that is found in writing."""
    try:
        return bool(entitled(standing, catalogue()).as_json() != kept)
    except UnknownPlan:
        return True


def knows_subscriptions(connection: Connection) -> bool:
    """Whether the shared tables have what billing needs: a release behind they have not."""
    return connection.scalar(select(func.to_regclass("public.subscriptions"))) is not None
