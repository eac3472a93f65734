"""What the workspace asks of those who sign in."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from flask import Response, request
from pydantic import BaseModel, Field

from mobile_api.agreeing import check_if_match
from mobile_api.records import shown
from mobile_api.registry import api
from mobile_api.shapes import Fields
from saas_crm.access.entry import decide_entry, entry_policy
from saas_crm.access.entry_schemas import EntryWrite
from saas_crm.access.factors.policy import two_factor_policy
from saas_crm.access.policy import own_policy
from saas_crm.core.forms import given, patch_of
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires
from saas_crm.edge.proof import proven

EntryPatch = patch_of(EntryWrite, "SecurityPatch")


class SecurityRead(BaseModel):
    """How long sign-ins are good, from where, who can be invited, and who needs two-factor sign-in from when on."""

    session_hours: int | None
    idle_minutes: int | None
    email_domains: list[str]
    networks: list[str]
    two_factor_from: datetime | None = Field(description="It is decided on the website.")
    two_factor_roles: list[UUID] = Field(description="None: all of them.")


@api.operation("GET", "/security", tag="security", responses={200: SecurityRead}, etag=True)
@requires("workspace:update")
def show_security() -> Response:
    """Show what the workspace asks of sign-ins."""
    return shown(_decided())


@api.operation(
    "PATCH", "/security", tag="security", request_model=EntryPatch, responses={200: SecurityRead}, etag=True,
    if_match=True, idempotent=True,
)  # fmt: skip
@requires("workspace:update")
@proven
def change_security(body: EntryWrite) -> Response:
    """Decide it, from everybody's next request on.

    Networks that would shut out whoever asks are refused.
    """
    own_policy()  # held: what another one decides at this moment is seen, and not written back to what was before
    present = _decided()
    check_if_match(present)
    changes = {name: present[name] for name in EntryWrite.model_fields} | given(body)
    decide_entry(EntryWrite.model_construct(**changes), actor=current_member(), address=request.remote_addr or "")
    return shown(_decided())


def _decided() -> Fields:
    entry, factors = entry_policy(), two_factor_policy()
    return {
        "session_hours": entry.session_hours, "idle_minutes": entry.idle_minutes,
        "email_domains": list(entry.email_domains), "networks": list(entry.networks),
        "two_factor_from": factors.starts, "two_factor_roles": list(factors.role_ids),
    }  # fmt: skip
