"""From a slug or an id to the tenant, remembered for a few seconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import ProgrammingError

from tenants.context import ActiveTenant, entry_statement
from tenants.db import SHARED, AnySelect, db
from tenants.models import FormerSlug, SuspensionRow, Tenant
from tenants.standing import Suspension

COLUMNS = (
    Tenant.id, Tenant.slug, Tenant.name, Tenant.schema_name, Tenant.role_name, Tenant.status,
    Tenant.schema_version, Tenant.locale, Tenant.country, Tenant.currency, Tenant.timezone,
)  # fmt: skip


class Directory:
    """Looks tenants up in the registry; a positive answer is kept `ttl` seconds in this process."""

    def __init__(self, *, timeout_ms: int, ttl: float = 5.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._timeout_ms = timeout_ms
        self._ttl = ttl
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str | UUID, tuple[float, ActiveTenant]] = {}

    def by_slug(self, slug: str) -> ActiveTenant | None:
        """Return the claimed tenant with this slug, or None."""
        return self._remembered(slug) or self._load(slug, select(*COLUMNS).where(Tenant.slug == slug))

    def by_id(self, tenant_id: UUID) -> ActiveTenant | None:
        """Return the claimed tenant with this id, or None."""
        return self._remembered(tenant_id) or self._load(tenant_id, select(*COLUMNS).where(Tenant.id == tenant_id))

    def by_former_slug(self, slug: str) -> ActiveTenant | None:
        """Return the claimed tenant that had this slug until lately, or None; it is not remembered by it."""
        query = select(FormerSlug.tenant_id).where(FormerSlug.slug == slug, FormerSlug.until > func.now())
        try:
            with shared_reader() as connection:
                tenant_id = connection.scalar(query)
        except ProgrammingError as failed:
            if isinstance(failed.orig, psycopg.errors.UndefinedTable):
                return None
            raise
        return self.by_id(tenant_id) if tenant_id else None

    def renew(self, tenant_id: UUID) -> ActiveTenant | None:
        """Return the claimed tenant with this id as the registry has it now; None if it is gone."""
        with self._lock:
            self._known.pop(tenant_id, None)
        tenant = self.by_id(tenant_id)
        with self._lock:
            if tenant is not None and tenant_id in self._known:
                self._known[tenant.slug] = self._known[tenant_id]
        return tenant

    def forget(self) -> None:
        """Drop all that is remembered: after a rename, a suspension, a claim."""
        with self._lock:
            self._known.clear()

    def from_row(self, row: Any) -> ActiveTenant:
        """Build the value from a row of COLUMNS."""
        tenant = ActiveTenant(*row)
        entry = entry_statement(tenant.role_name, tenant.schema_name, self._timeout_ms)
        return replace(tenant, entry=entry)

    def _remembered(self, key: str | UUID) -> ActiveTenant | None:
        held = self._known.get(key)
        return held[1] if held and held[0] > self._clock() else None

    def _load(self, key: str | UUID, query: AnySelect) -> ActiveTenant | None:
        with shared_reader() as connection:
            row = connection.execute(query).one_or_none()
            if row is None or row.slug is None:
                return None
            tenant = self.from_row(row)
            if not tenant.is_open:
                tenant = replace(tenant, suspensions=_suspensions(connection, tenant.id))
        with self._lock:
            if len(self._known) > 10_000:
                self._known.clear()
            self._known[key] = (self._clock() + self._ttl, tenant)
        return tenant


def _suspensions(connection: Connection, tenant_id: UUID) -> tuple[Suspension, ...]:
    """Return why a tenant is not open; nothing is known where the shared tables are a release behind."""
    names = (SuspensionRow.cause, SuspensionRow.kind, SuspensionRow.reason, SuspensionRow.ask, SuspensionRow.until)
    query = select(*names).where(SuspensionRow.tenant_id == tenant_id)
    try:
        return tuple(_suspension(row) for row in connection.execute(query))
    except ProgrammingError as failed:
        if isinstance(failed.orig, psycopg.errors.UndefinedTable):
            return ()
        raise


def _suspension(row: Any) -> Suspension:
    return Suspension(*row)


def shared_engine() -> Engine:
    """Return the engine of the shared tables, for what reads on after its request."""
    engine: Engine = db.engines[SHARED]
    return engine


def shared_reader() -> Any:
    """Return a connection (context manager) for one read of shared tables, without a transaction around it."""
    return db.engines[SHARED].connect().execution_options(isolation_level="AUTOCOMMIT")
