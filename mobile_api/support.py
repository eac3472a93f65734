"""Whether those who run the service may look into the workspace."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from flask import Response
from pydantic import BaseModel, Field

from mobile_api.records import gone, made, shown
from mobile_api.registry import api
from mobile_api.shapes import Fields
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires
from saas_crm.edge.proof import proven
from saas_crm.operators import consents
from saas_crm.operators.schemas import Allow
from tenants.db import new_id


class SupportAccess(BaseModel):
    """The permission that is in force; where none is, all but `allowed` is null."""

    allowed: bool
    id: UUID | None
    note: str | None = Field(description="Why; operators see it.")
    given_at: datetime | None
    until: datetime | None = Field(description="When it ends by itself.")
    member_name: str | None = Field(description="Who gave it.")


@api.operation("GET", "/support-access", tag="security", responses={200: SupportAccess})
@requires("workspace:update")
def show_support_access() -> Response:
    """Show whether operators may look in now."""
    return shown(_present())


@api.operation(
    "POST", "/support-access", tag="security", request_model=Allow, responses={201: SupportAccess}, idempotent=True
)  # fmt: skip
@requires("workspace:update")
@proven
def allow_support_access(body: Allow) -> Response:
    """Let operators look in for a while.

    As one of the members, for half an hour at a time, without changing anything; what was allowed before ends.
    """
    consents.allow(body, actor=current_member(), consent_id=new_id())
    return made(_present(), "support-access")


@api.operation("DELETE", "/support-access", tag="security", responses={204: None}, idempotent=True)
@requires("workspace:update")
def withdraw_support_access() -> Response:
    """Let nobody look in any more, from their next request on; also where nobody could."""
    consents.withdraw(actor=current_member())
    return gone()


def _present() -> Fields:
    found = consents.in_force()
    names = ("id", "note", "given_at", "until", "member_name")
    return {"allowed": found is not None, **{name: getattr(found, name, None) for name in names}}
