"""What a workspace may do by what it has: the one place that writes a tenant's plan."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
import structlog
from psycopg.types.json import Jsonb
from sqlalchemy import Connection, func, select

from billing.held import Held
from billing.models import Subscription
from billing.plans import FREE, Catalogue, UnknownPlan, catalogue
from billing.rules import Standing, standing_by_clock
from tenants import plan as tenants_plan
from tenants.models import Tenant

log = structlog.get_logger(__name__)
BATCH = 500
_KEPT = "SELECT plan FROM public.tenants WHERE id = %(id)s"
_WRITE = "UPDATE public.tenants SET plan = %(plan)s WHERE id = %(id)s AND plan IS DISTINCT FROM %(plan)s"


def entitled(standing: Standing, offered: Catalogue) -> tenants_plan.Plan:
    """Return what a workspace that stands so may do; raises UnknownPlan for a plan that is not described any more."""
    if standing.state == "trialing":
        found = offered.plan(standing.plan).entitles(offered.trial.limits)
    else:
        found = offered.plan(FREE if standing.state == "free" else standing.plan).entitles()
    return tenants_plan.Plan(
        found.key, found.limits, found.features, standing.state, standing.until, standing.ending
    )  # fmt: skip


def write(connection: Connection | psycopg.Connection[Any], tenant_id: UUID, standing: Standing) -> bool:
    """Write what a workspace may do beside its subscription, in the same transaction; returns whether that is new.

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
    return bool(_run(connection, _WRITE, {"id": tenant_id, "plan": Jsonb(plan.as_json())}).rowcount)


def _run(connection: Connection | psycopg.Connection[Any], statement: str, values: dict[str, Any]) -> Any:
    """Run a statement of this module by either of the two libraries that open connections here."""
    if isinstance(connection, psycopg.Connection):
        return connection.execute(statement, values)
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return driver.execute(statement, values)


def renew(connection: Connection, now: datetime) -> int:
    """Write anew what every workspace with a subscription may do: the file of the plans may have changed.

    Returns how many were changed.
    """
    names = tuple(Held.__dataclass_fields__)
    columns = [getattr(Subscription, name) for name in names]
    after: UUID | None = None
    changed = 0
    while True:
        has_one = Tenant.plan.is_not(None)  # who has none had it before billing was off: `billing.switching`
        query = select(*columns).join(Tenant, Tenant.id == Subscription.tenant_id).where(has_one)
        query = query.order_by(Subscription.tenant_id).limit(BATCH)
        rows = connection.execute(query if after is None else query.where(Subscription.tenant_id > after)).all()
        for row in rows:
            held = Held(**dict(zip(names, row, strict=True)))
            changed += write(connection, held.tenant_id, standing_by_clock(held, now))
        if len(rows) < BATCH:
            return changed
        after = rows[-1][0]


def knows_subscriptions(connection: Connection) -> bool:
    """Whether the shared tables have what billing needs: a release behind they have not."""
    return connection.scalar(select(func.to_regclass("public.subscriptions"))) is not None
