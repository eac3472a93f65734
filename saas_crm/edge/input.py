"""How the person who asks writes numbers, dates and phone numbers."""

from __future__ import annotations

from flask import g

from saas_crm.core.fields import InputContext
from saas_crm.core.i18n import spoken
from saas_crm.edge.current import member_or_none


def input_context(*, form: bool = False) -> InputContext:
    """Return the context to read input in: the tenant's country and currency, the member's language and zone."""
    tenant, member = g.get("tenant"), member_or_none()
    return InputContext(
        country=tenant.country if tenant else "US",
        currency=tenant.currency if tenant else "USD",
        locale=spoken(),
        timezone=member.timezone if member else (tenant.timezone if tenant else "UTC"),
        form=form,
    )
