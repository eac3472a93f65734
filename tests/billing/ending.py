"""A workspace that can be deleted for good: a copy of acme, so that no spare is used up."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sqlalchemy import update

from saas_crm.access.permissions import CurrentMember
from saas_crm.access.queries import member_by_id
from saas_crm.core.jobs import registry
from saas_crm.worker import execute
from saas_crm.workspaces.ending import ask_deletion, keep
from saas_crm.workspaces.restoring import restore_as
from saas_crm.workspaces.saving import save
from tenants.db import SHARED, db, tenant_scope
from tenants.models import TenantDeletion
from tests.billing.company import Company, Shop
from tests.support.cast import Cast
from tests.support.installation import Installation


def archive_of(shop: Shop, slug: str, folder: Path) -> Path:
    path = folder / f"{slug}.zip"
    save(shop.settings.database_url, slug, path)
    return path


def doomed(shop: Shop, installation: Installation, folder: Path) -> Company:
    """The copy, on its trial or on Free as a restored workspace is."""
    place = installation.place
    restore_as(place.owner_url, place.runtime_url, archive_of(shop, "acme", folder), "doomed", name="Doomed Ltd")
    return shop.company("doomed", trial=False)


def owner_of(company: Company, cast: Cast) -> CurrentMember:
    member_id = cast["owner"].member_id
    assert member_id is not None
    with tenant_scope(company.tenant):
        return member_by_id(member_id)


def ask(shop: Shop, company: Company, cast: Cast) -> None:
    """Ask for the deletion, as the page does; Stripe is told by a job."""
    settings = shop.settings
    assert ask_deletion(settings.database_url, settings.base_url, company.tenant, actor=owner_of(company, cast))


def take_back(shop: Shop, company: Company, cast: Cast) -> None:
    assert keep(shop.settings.database_url, company.tenant, actor=owner_of(company, cast))


def delete(shop: Shop, company: Company) -> None:
    """Let the day come, and the night's job with it; what that queues is left."""
    with db.engines[SHARED].begin() as connection:
        mine = update(TenantDeletion).where(TenantDeletion.tenant_id == company.id)
        connection.execute(mine.values(due_at=shop.now - timedelta(minutes=1)))
    execute(shop.app, registry["workspaces.end"], {})
