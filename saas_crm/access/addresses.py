"""The workspace's address: another one, and the former ones that still lead to it for a while."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from saas_crm.access.permissions import CurrentMember
from saas_crm.access.schemas import AddressWrite
from saas_crm.core.audit import record_beside
from saas_crm.core.clock import now
from saas_crm.core.errors import InvalidInput
from saas_crm.core.i18n import gettext as _
from tenants.context import ActiveTenant
from tenants.db import SHARED, AnyRow, db
from tenants.directory import Directory, shared_reader
from tenants.models import FormerSlug, Tenant
from tenants.one_at_a_time import let_go

LEADS_ON = timedelta(days=90)
MOST = 3
"""Former addresses at a time: nobody collects them."""


def former_addresses(tenant: ActiveTenant) -> Sequence[AnyRow]:
    """Return slug and last day of the addresses that still lead here, the one that ends first coming first."""
    query = (
        select(FormerSlug.slug, FormerSlug.until)
        .where(FormerSlug.tenant_id == tenant.id, FormerSlug.until > func.now())
        .order_by(FormerSlug.until, FormerSlug.slug)
    )
    let_go()
    with shared_reader() as connection:
        return list(connection.execute(query))


def change_address(
    data: AddressWrite, *, actor: CurrentMember, tenant: ActiveTenant, directory: Directory
) -> ActiveTenant:
    """Give the workspace another address; the former one leads to it for 90 days and is nobody else's meanwhile.

    Returns the workspace as it is now. The audit row is of the same transaction, with the address that it really had.
    Raises Forbidden and InvalidInput.
    """
    actor.require("workspace:update")
    if data.slug == tenant.slug:
        return tenant
    let_go()
    try:
        with db.engines[SHARED].begin() as connection:
            _move(connection, tenant, data.slug)
    except IntegrityError:
        raise InvalidInput({"slug": _("This address is taken.")}, {"slug": "taken"}) from None
    directory.forget()
    return directory.renew(tenant.id) or tenant


def _move(connection: Connection, tenant: ActiveTenant, slug: str) -> None:
    row = select(Tenant.slug).where(Tenant.id == tenant.id).with_for_update()
    former = connection.scalar(row)
    if former == slug:
        return
    connection.execute(delete(FormerSlug).where(FormerSlug.until <= func.now()))
    connection.execute(delete(FormerSlug).where(FormerSlug.slug == slug, FormerSlug.tenant_id == tenant.id))
    kept = connection.scalar(select(func.count()).where(FormerSlug.tenant_id == tenant.id)) or 0
    if kept >= MOST:
        message = _("The address was changed several times lately. Wait until a former one has ended.")
        raise InvalidInput({"slug": message}, {"slug": "too_often"})
    until = now() + LEADS_ON
    connection.execute(update(Tenant).where(Tenant.id == tenant.id).values(slug=slug))
    keep = insert(FormerSlug).values(slug=former, tenant_id=tenant.id, until=until)
    connection.execute(
        keep.on_conflict_do_update(index_elements=["slug"], set_={"tenant_id": tenant.id, "until": until})
    )
    record_beside(connection, tenant, "update", {"slug": [former, slug]})
