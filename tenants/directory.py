"""From a slug or an id to the tenant, remembered for a few seconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import ColumnElement, Connection, Engine, Text, bindparam, column, func, select, table, text
from sqlalchemy.exc import ProgrammingError

from tenants.context import ActiveTenant, entry_statement
from tenants.db import SHARED, AnyRow, AnySelect, db
from tenants.kept import Kept
from tenants.models import FormerSlug, SuspensionRow, Tenant, TenantDomain
from tenants.plan import plan_of
from tenants.standing import Suspension
from tenants.versions import stands

COLUMNS = (
    Tenant.id, Tenant.slug, Tenant.name, Tenant.schema_name, Tenant.role_name, Tenant.status,
    Tenant.schema_version, Tenant.locale, Tenant.country, Tenant.currency, Tenant.timezone,
)  # fmt: skip

_OWN = (TenantDomain.tenant_id == Tenant.id, TenantDomain.verified_at.is_not(None))
_DOMAIN = select(TenantDomain.domain).where(*_OWN).scalar_subquery().label("domain")
_VALUES = (*(column.key for column in COLUMNS), "domain", "plan")
_REVISION = (
    select(table("shared_version", column("revision", Text), schema="public").c.revision)
    .scalar_subquery()
    .label("shared_revision")
)
"""How far the shared tables are: it comes with a tenant, so nobody has to ask for it alone."""
MOST = 10_000
"""Answers kept at a time."""


class Directory:
    """Looks tenants up in the registry; a positive answer is kept `ttl` seconds in this process.

    Of domains the negative one is kept, too: every request to another host than the installation's asks for one.
    """

    def __init__(self, *, timeout_ms: int, ttl: float = 5.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._timeout_ms = timeout_ms
        self._ttl = ttl
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str | UUID, tuple[float, ActiveTenant]] = {}
        self._nobodys: dict[str, float] = {}
        self._shared_behind = True

    def by_slug(self, slug: str) -> ActiveTenant | None:
        """Return the claimed tenant with this slug, or None."""
        return self._remembered(slug) or self._load(slug, _BY_SLUG)

    def by_id(self, tenant_id: UUID) -> ActiveTenant | None:
        """Return the claimed tenant with this id, or None."""
        return self._remembered(tenant_id) or self._load(tenant_id, _BY_ID)

    def by_domain(self, domain: str) -> ActiveTenant | None:
        """Return the claimed tenant whose own domain this was shown to be, or None; `domain` in small letters.

        A domain has a dot and a slug none, so both are remembered side by side.
        """
        if self._nobodys.get(domain, 0.0) > self._clock():
            return None
        found = self._remembered(domain) or self._load(domain, _BY_DOMAIN)
        if found is None:
            with self._lock:
                if len(self._nobodys) > MOST:
                    self._nobodys.clear()
                self._nobodys[domain] = self._clock() + self._ttl
        return found

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
                for key in filter(None, (tenant.slug, tenant.domain)):
                    self._known[key] = self._known[tenant_id]
        return tenant

    def seen_by(self, connection: Connection, tenant_id: UUID) -> ActiveTenant | None:
        """Return the claimed tenant with this id as a transaction of shared tables sees it; None if it is gone."""
        row = connection.execute(select(*COLUMNS).where(Tenant.id == tenant_id, Tenant.slug.is_not(None))).one_or_none()
        return self.from_row(row) if row else None

    def shared_tables_behind(self) -> bool:
        """Whether the shared tables are as the former release left them; asked until they are not: they only go up.

        Once they are not, the first tenant that is looked up tells it.
        """
        if self._shared_behind:
            self._shared_behind = shared_tables_behind()
        return self._shared_behind

    def forget(self) -> None:
        """Drop all that is remembered: after a rename, a suspension, a claim."""
        with self._lock:
            self._known.clear()
            self._nobodys.clear()

    def from_row(self, row: Any) -> ActiveTenant:
        """Build the value from a row of COLUMNS, and of domain and plan behind them, if they were asked for."""
        told = dict(zip(_VALUES, row, strict=False))
        tenant = ActiveTenant(**{**told, "plan": plan_of(told.get("plan"))})
        entry = entry_statement(tenant.role_name, tenant.schema_name, self._timeout_ms)
        return replace(tenant, entry=entry)

    def _remembered(self, key: str | UUID) -> ActiveTenant | None:
        held = self._known.get(key)
        return held[1] if held and held[0] > self._clock() else None

    def _load(self, key: str | UUID, queries: tuple[Kept, ...]) -> ActiveTenant | None:
        with shared_reader() as connection:
            row = _row(connection, queries, key)
            if row is None or row.slug is None:
                return None
            tenant = self.from_row(row)
            if self._shared_behind and "shared_revision" in row._fields:
                self._shared_behind = _is_former(row.shared_revision or "")
            if not tenant.is_open:
                tenant = replace(tenant, suspensions=_suspensions(connection, tenant.id))
        with self._lock:
            if len(self._known) > MOST:
                self._known.clear()
            self._known[key] = (self._clock() + self._ttl, tenant)
        return tenant


def _queries(which: ColumnElement[bool]) -> tuple[Kept, ...]:
    """Return the query of a tenant's row with its domain and plan, and those for shared tables that lack them."""
    query: AnySelect = select(*COLUMNS).where(which)
    return tuple(Kept(query.add_columns(*more)) for more in ((_DOMAIN, Tenant.plan, _REVISION), (_DOMAIN,), ()))


_BY_SLUG = _queries(Tenant.slug == bindparam("key"))
_BY_ID = _queries(Tenant.id == bindparam("key"))
_BY_DOMAIN = _queries(select(TenantDomain.tenant_id).where(*_OWN, TenantDomain.domain == bindparam("key")).exists())


def _row(connection: Connection, queries: tuple[Kept, ...], key: str | UUID) -> AnyRow | None:
    """Return a tenant's row with its domain and plan, or with what of them the shared tables have already."""
    for query in queries:
        try:
            return query.run(connection, {"key": key}).one_or_none()
        except ProgrammingError as failed:
            if not isinstance(failed.orig, psycopg.errors.UndefinedTable | psycopg.errors.UndefinedColumn):
                raise
            if query is queries[-1] and isinstance(failed.orig, psycopg.errors.UndefinedColumn):
                raise
    return None  # it was asked for by its domain


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


def shared_tables_behind() -> bool:
    """Whether the shared tables are as the release before this one left them."""
    with shared_reader() as connection:
        revision = connection.scalar(text("SELECT revision FROM public.shared_version"))
    return _is_former(revision or "")


def _is_former(revision: str) -> bool:
    return stands("shared", revision) == "previous"
