"""Which tenants' search entries were written under former rules, as the registry notes it; one statement asks."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, or_, select, text, update

from tenants.db import SHARED, db
from tenants.directory import shared_reader
from tenants.models import Tenant
from tenants.versions import served_from

LOST = timedelta(hours=1)
"""Nothing was heard of a renewal for so long: it is begun anew."""
NOTED_SINCE = "0003"
"""The revision of the shared tables from which on they note it; this release serves the one before, too."""


def begin_renewing(rules: int, limit: int) -> list[UUID]:
    """Return claimed tenants whose entries are older than `rules`, so many that `limit` are under way; noted as begun.

    Those come last that were begun before and never heard of again: one that always fails is in nobody's way.
    """
    lost = or_(Tenant.search_renewing_at.is_(None), Tenant.search_renewing_at < func.now() - LOST)
    with shared_reader() as connection:
        if connection.scalar(text("SELECT revision FROM public.shared_version")) < NOTED_SINCE:
            return []
        under_way = connection.scalar(select(func.count()).where(Tenant.search_rules < rules, ~lost))
    behind = (
        select(Tenant.id)
        .where(Tenant.search_rules < rules, Tenant.status == "active")
        .where(Tenant.schema_version >= served_from("tenant"))
        .where(lost)
        .order_by(Tenant.search_renewing_at.nulls_first(), Tenant.id)
        .limit(max(0, limit - under_way))
        .with_for_update(skip_locked=True)
    )
    begun = update(Tenant).where(Tenant.id.in_(behind.scalar_subquery())).values(search_renewing_at=func.now())
    with db.engines[SHARED].begin() as connection:
        return list(connection.scalars(begun.returning(Tenant.id)))


def note_renewing(tenant_id: UUID) -> None:
    """Note that a tenant is still being renewed."""
    _note(tenant_id, search_renewing_at=func.now())


def note_renewed(tenant_id: UUID, rules: int) -> None:
    """Note that all of a tenant's entries keep to these rules now."""
    _note(tenant_id, search_rules=rules, search_renewing_at=None)


def _note(tenant_id: UUID, **values: object) -> None:
    with db.engines[SHARED].begin() as connection:
        connection.execute(update(Tenant).where(Tenant.id == tenant_id).values(**values))
