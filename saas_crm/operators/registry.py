"""The workspaces as an operator lists them: the registry beside the figures that were taken, in one small read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, text

from saas_crm.core.keyset import Order, Page, cut, page
from saas_crm.operators.models import TenantFigures
from tenants.context import ActiveTenant
from tenants.db import AnyRow, AnySelect
from tenants.directory import COLUMNS, shared_reader
from tenants.migrations.lines import head
from tenants.models import SuspensionRow, Tenant
from tenants.runtime import runtime_directory
from tenants.standing import Suspension

PAGE = 50
STATUSES = ("active", "read_only", "suspended", "closed")
PLAN_STATES = ("trialing", "free", "active", "past_due", "read_only", "cancelled")
_SINCE = func.coalesce(Tenant.claimed_at, Tenant.created_at)
ORDERS: Mapping[str, Order] = {
    "slug": Order(Tenant.slug), "-slug": Order(Tenant.slug, descending=True),
    "name": Order(Tenant.name), "-name": Order(Tenant.name, descending=True),
    "size": Order(TenantFigures.size, nullable=True), "-size": Order(TenantFigures.size, True, nullable=True),
    "members": Order(TenantFigures.members, nullable=True),
    "-members": Order(TenantFigures.members, True, nullable=True),
    "seen": Order(TenantFigures.last_seen_at, nullable=True),
    "-seen": Order(TenantFigures.last_seen_at, True, nullable=True),
}  # fmt: skip
_ATTRIBUTES = {"slug": "slug", "name": "name", "size": "size", "members": "members", "seen": "last_seen_at"}
_FAILED = text("SELECT id, task, attempts, failed_at FROM public.failed_jobs_of(:place)")
_COLUMNS = (
    Tenant.id, Tenant.slug, Tenant.name, Tenant.status, Tenant.schema_version, Tenant.migration_error,
    Tenant.locale, _SINCE.label("since"), TenantFigures.size, TenantFigures.members, TenantFigures.failed_jobs,
    TenantFigures.last_seen_at, TenantFigures.taken_at, Tenant.plan["key"].astext.label("plan"),
    Tenant.plan["state"].astext.label("plan_state"),
)  # fmt: skip
_SPEAKING = tuple(column for column in COLUMNS if column.key not in {shown.key for shown in _COLUMNS})


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list of workspaces is narrowed to; `state` is "behind", "errors" or a status.

    `plan` is a plan's key, or a state of PLAN_STATES behind a colon.
    """

    words: str = ""
    state: str = ""
    plan: str = ""


@dataclass(frozen=True, slots=True)
class Totals:
    """How many workspaces there are, and how many want looking at; `taken_at` is the oldest figure's moment."""

    all: int
    active: int
    paused: int
    behind: int
    errors: int
    taken_at: Any


def is_behind(version: str) -> bool:
    """Whether a workspace waits for this release's tables."""
    return version < head("tenant")


def list_workspaces(filters: Filters, sort: str, after: Sequence[Any] | None, limit: int = PAGE) -> Page[AnyRow]:
    """Return a page of workspaces; `sort` is one of ORDERS."""
    query = page(_joined(*_COLUMNS).where(*_conditions(filters)), ORDERS[sort], Tenant.id, after=after, limit=limit)
    with shared_reader() as connection:
        rows = list(connection.execute(query))
    return cut(rows, limit, _ATTRIBUTES[sort.removeprefix("-")])


def totals() -> Totals:
    """Count all workspaces by what wants looking at."""
    paused = Tenant.status.in_(("read_only", "suspended"))
    query = _joined(
        func.count(), func.count().filter(Tenant.status == "active"), func.count().filter(paused),
        func.count().filter(_behind()), func.count().filter(_faulty()), func.min(TenantFigures.taken_at),
    )  # fmt: skip
    with shared_reader() as connection:
        return Totals(*connection.execute(query).one())


def workspace(slug: str) -> AnyRow | None:
    """Return one workspace, None where nobody has this address; `speaker` makes of it who speaks to its tables."""
    with shared_reader() as connection:
        return connection.execute(_joined(*_COLUMNS, *_SPEAKING).where(Tenant.slug == slug)).one_or_none()


def speaker(row: AnyRow) -> ActiveTenant:
    """Return a workspace that `workspace` found as who speaks to its tables, without asking the registry again."""
    return runtime_directory().from_row([getattr(row, column.key) for column in COLUMNS])


def causes(tenant_id: UUID) -> tuple[Suspension, ...]:
    """Return why a workspace is not open, cause by cause."""
    table = SuspensionRow
    query = select(table.cause, table.kind, table.reason, table.ask, table.until).where(table.tenant_id == tenant_id)
    with shared_reader() as connection:
        return tuple(Suspension(*row) for row in connection.execute(query.order_by(table.cause)))


def failed_jobs(tenant_id: UUID) -> list[AnyRow]:
    """Return a workspace's jobs that failed for good, the latest first: id, task, attempts, failed_at."""
    with shared_reader() as connection:
        return list(
            connection.execute(
                text("SELECT id, task, attempts, failed_at FROM public.failed_jobs_of(:place)"), {"place": tenant_id}
            )
        )


def _joined(*columns: Any) -> AnySelect:
    joined = select(*columns).select_from(Tenant).outerjoin(TenantFigures, TenantFigures.tenant_id == Tenant.id)
    return joined.where(Tenant.slug.is_not(None))


def _conditions(filters: Filters) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if filters.words:
        found.append(or_(
            Tenant.slug.icontains(filters.words, autoescape=True), Tenant.name.icontains(filters.words, autoescape=True)
        ))  # fmt: skip
    if filters.state in STATUSES:
        found.append(Tenant.status == filters.state)
    elif filters.state == "paused":
        found.append(Tenant.status.in_(("read_only", "suspended")))
    elif filters.state == "behind":
        found.append(_behind())
    elif filters.state == "errors":
        found.append(_faulty())
    if filters.plan:
        key, _, state = filters.plan.partition(":")
        found.append(Tenant.plan["state"].astext == state if state else Tenant.plan["key"].astext == key)
    return found


def _behind() -> ColumnElement[bool]:
    return and_(Tenant.schema_version < head("tenant"), Tenant.status != "closed")


def _faulty() -> ColumnElement[bool]:
    return or_(Tenant.migration_error.is_not(None), TenantFigures.failed_jobs > 0)
