"""The end of a workspace that nobody pays for: after its days as a cancelled one the rules of its deletion begin."""

from __future__ import annotations

from uuid import UUID

from saas_crm.workspaces.ending import begin
from tenants.runtime import runtime_directory
from tenants.settings import Settings


def begin_deletion(settings: Settings, tenant_id: UUID) -> bool:
    """Let a cancelled workspace be deleted after its own days of grace; its owners are told by mail.

    Returns False where it has begun already, or the workspace is gone.
    """
    tenant = runtime_directory().by_id(tenant_id)
    return tenant is not None and begin(settings.database_url, settings.base_url, tenant, by="billing")
