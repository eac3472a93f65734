"""What contacts said about being contacted."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response
from pydantic import BaseModel, ConfigDict, Field

from mobile_api.lists import Listing, listed, listing, start
from mobile_api.openapi import list_of, sparse
from mobile_api.records import made
from mobile_api.registry import api
from mobile_api.shapes import Shape
from saas_crm.access.models import Member
from saas_crm.customers.queries import get_contact
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires
from saas_crm.privacy import consents
from saas_crm.privacy.models import Consent
from saas_crm.privacy.rules import Channel, Purpose, Source, State
from saas_crm.privacy.schemas import ConsentWrite


class ConsentRead(BaseModel):
    """What a contact said about one channel and purpose."""

    id: UUID
    channel: Channel
    purpose: Purpose
    state: State
    at: datetime = Field(description="When they said so.")
    source: Source
    note: str
    member_id: UUID | None
    member_name: str | None = Field(description="Who wrote it down.")
    created_at: datetime = Field(description="When it was written down.")


class NewConsent(ConsentWrite):
    """What a contact said; what they said before stays, the last one counts."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"channel": "email", "purpose": "marketing", "state": "given"}]}
    )


_COLUMNS: dict[str, Any] = {name: getattr(Consent, name, None) for name in ConsentRead.model_fields}
CONSENT = Shape(ConsentRead, {**_COLUMNS, "member_name": Member.name.label("member_name")})
ConsentListing = listing(Listing, ConsentRead, consents.ORDERS, "-at")
PATH = "/contacts/<uuid:contact_id>/consents"


@api.operation("GET", PATH, tag="privacy", query_model=ConsentListing, responses={200: list_of(sparse(ConsentRead))})
@requires("contact:read")
def list_consents(contact_id: UUID, query: Listing) -> Response:
    """List what a contact said about being contacted.

    The latest first: for each channel and purpose the first one in the list counts. Who said nothing may be contacted
    for `sales` and `service`, but not for `marketing` and `survey`.
    """
    get_contact(contact_id, member=current_member())
    after = start(query, "consents", consents.ORDERS)
    page = consents.history(contact_id, after=after, limit=query.limit)
    names, _columns = CONSENT.select(query.fields)
    rows = [[getattr(row, name) for name in names] for row in page.rows]
    return listed(type(page)(rows, page.after), names, CONSENT, query, "consents")


@api.operation(
    "POST", PATH, tag="privacy", request_model=NewConsent, responses={201: ConsentRead}, idempotent=True
)  # fmt: skip
@requires("contact:update")
def record_consent(contact_id: UUID, body: ConsentWrite) -> Response:
    """Write down what a contact said about being contacted."""
    contact = get_contact(contact_id, member=current_member())
    consent_id = consents.record_consent(contact, body, actor=current_member())
    row = consents.one(consent_id)
    names, _columns = CONSENT.select()
    shown = CONSENT.shown(names, [getattr(row, name) for name in names])
    return made(shown, f"contacts/{contact_id}/consents")
