"""Whether any of a person's workspaces asks for a second step now, so that the last one must not be taken away."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from saas_crm.access.factors.policy import two_factor_policy
from saas_crm.access.models import Member
from saas_crm.access.profile import tenants_of
from saas_crm.core.clock import now
from saas_crm.core.errors import InvalidInput
from saas_crm.core.i18n import gettext as _
from tenants.db import db, tenant_scope
from tenants.versions import lacks_tables


def check_not_demanded(user_id: UUID) -> None:
    """Raise InvalidInput, naming the workspace, if one demands two-factor sign-in of the person."""
    for tenant in tenants_of(user_id, None):
        if lacks_tables(tenant):
            continue
        with tenant_scope(tenant):
            policy = two_factor_policy()
            role = select(Member.role_id).where(Member.user_id == user_id, Member.status == "active")
            demanded = policy.starts is not None and policy.starts <= now() and policy.covers(db.session.scalar(role))
        if demanded:
            raise InvalidInput({"": _(
                "%(workspace)s asks for two-factor sign-in, so the last one has to stay. Add another one first.",
                workspace=tenant.name,
            )})  # fmt: skip
