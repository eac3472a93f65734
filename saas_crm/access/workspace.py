"""Changing the workspace itself: its row in the shared registry, and a line in its own audit."""

from __future__ import annotations

from sqlalchemy import select, update

from saas_crm.access.permissions import CurrentMember
from saas_crm.access.schemas import WorkspaceWrite
from saas_crm.core.audit import record_act
from saas_crm.core.errors import InvalidInput
from saas_crm.core.i18n import gettext as _
from tenants.context import ActiveTenant
from tenants.db import SHARED, db
from tenants.directory import Directory, shared_reader
from tenants.models import Tenant

FIELDS = ("name", "locale", "country", "currency", "timezone")


def registered(tenant: ActiveTenant) -> dict[str, str]:
    """Return the FIELDS as the registry has them now; what a process remembers may be seconds old."""
    query = select(*(getattr(Tenant, name) for name in FIELDS)).where(Tenant.id == tenant.id)
    with shared_reader() as connection:
        return dict(connection.execute(query).mappings().one())


def update_workspace(
    data: WorkspaceWrite, *, actor: CurrentMember, tenant: ActiveTenant, directory: Directory, has_deals: bool
) -> None:
    """Store a workspace's name, language, country, currency and time zone.

    Sums would lie if deals of two currencies stood in them, so the currency stays once there are deals.
    The audit row is written first: one that cannot be written stops the change. Raises Forbidden and
    InvalidInput.
    """
    actor.require("workspace:update")
    if has_deals and data.currency != tenant.currency:
        message = _("There are deals in %(currency)s already; the currency stays.", currency=tenant.currency)
        raise InvalidInput({"currency": message}, {"currency": "in_use"})
    values = {name: getattr(data, name) for name in FIELDS}
    present = registered(tenant)
    changes = {name: [present[name], new] for name, new in values.items() if present[name] != new}
    if not changes:
        return
    record_act(db.session(), "update", "workspace", tenant.id, changes)
    db.session.flush()
    with db.engines[SHARED].begin() as connection:
        connection.execute(update(Tenant).where(Tenant.id == tenant.id).values(**values))
    directory.forget()
