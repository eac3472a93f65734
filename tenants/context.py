"""The tenant that speaks, carried in a context variable and never guessed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from uuid import UUID

from psycopg import sql

from tenants.plan import UNLIMITED, Plan
from tenants.standing import Access, Suspension, access_of, key_of


class TenantRequired(RuntimeError):
    """A tenant's data was asked for while no tenant speaks."""


class TenantMismatch(RuntimeError):
    """A session that serves one tenant was asked to serve another."""


@dataclass(frozen=True, slots=True)
class ActiveTenant:
    """What a request needs to know of its tenant; a plain value that may be cached."""

    id: UUID
    slug: str
    name: str
    schema_name: str
    role_name: str
    status: str
    schema_version: str
    locale: str
    country: str
    currency: str
    timezone: str
    domain: str | None = None
    """Its own domain, while that is shown to be its own; None where it has none."""
    entry: bytes = field(default=b"", compare=False)
    suspensions: tuple[Suspension, ...] = ()
    plan: Plan = UNLIMITED

    @property
    def is_open(self) -> bool:
        """Whether its people may work: not read-only, not suspended, not closed."""
        return self.status == "active"

    @property
    def standing(self) -> str:
        """What is known of its standing, to be compared with what the database says (`public.standing()`)."""
        return key_of(self.status, self.suspensions)

    def access(self, *, owner: bool = False) -> Access:
        """Return whether its people, or its owners, may work in it, only read, or not come in."""
        return access_of(self.status, self.suspensions, owner=owner)


def entry_statement(role_name: str, schema_name: str, timeout_ms: int) -> bytes:
    """Return the one message that enters a tenant: role, path and timeout, all LOCAL to the transaction.

    `pg_temp` comes last so that a temporary table can never stand in for a tenant's own.
    """
    return (
        sql.SQL("SET LOCAL ROLE {}; SET LOCAL search_path = {}, pg_temp; SET LOCAL statement_timeout = {}")
        .format(sql.Identifier(role_name), sql.Identifier(schema_name), sql.Literal(timeout_ms))
        .as_bytes(None)
    )


_current: ContextVar[ActiveTenant | None] = ContextVar("tenant", default=None)


def current_tenant() -> ActiveTenant:
    """Return the tenant that speaks; raises TenantRequired when there is none."""
    tenant = _current.get()
    if tenant is None:
        raise TenantRequired("no tenant speaks here")
    return tenant


def tenant_or_none() -> ActiveTenant | None:
    """Return the tenant that speaks, or None outside a workspace."""
    return _current.get()


@contextmanager
def speaking(tenant: ActiveTenant | None) -> Iterator[None]:
    """Set the tenant that speaks and put the former one back, whatever happens."""
    token = _current.set(tenant)
    try:
        yield
    finally:
        _current.reset(token)
