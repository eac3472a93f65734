"""Whether all of a person's workspaces take an address: some invite only addresses of their own domains."""

from __future__ import annotations

from uuid import UUID

from saas_crm.access.entry import entry_policy
from saas_crm.access.entry_rules import domain_allowed
from saas_crm.access.profile import tenants_of
from saas_crm.core.errors import InvalidInput
from saas_crm.core.i18n import gettext as _
from tenants.db import tenant_scope
from tenants.versions import serves


def check_domains(user_id: UUID, email: str) -> None:
    """Raise InvalidInput, by the field `email`, where a workspace of the person's would not invite the address.

    Else who was invited by an address of the company's could go on with any other, which is what the workspace forbids.
    """
    for tenant in tenants_of(user_id, None):
        if not serves("tenant", tenant.schema_version):
            continue
        with tenant_scope(tenant):
            allowed = entry_policy().email_domains
        if not domain_allowed(email, allowed):
            message = _("%(workspace)s takes only addresses of its own domains: %(domains)s.",
                        workspace=tenant.name, domains=", ".join(allowed))  # fmt: skip
            raise InvalidInput({"email": message}, {"email": "domain"})
