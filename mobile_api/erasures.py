"""Everything about a person, erasing them, and the certificates of that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from flask import Response
from pydantic import BaseModel, ConfigDict, Field

from mobile_api.lists import Listing, answer_list, cursor_after, listing, start
from mobile_api.openapi import list_of, sparse
from mobile_api.problems import ApiProblem, problem
from mobile_api.records import made, shown
from mobile_api.registry import api
from saas_crm.core.errors import AlreadyExists
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires
from saas_crm.privacy import erasing, erasures
from saas_crm.privacy.exporting import personal_data
from saas_crm.privacy.keeping import duties_of
from saas_crm.privacy.schemas import ErasureWrite, Reason
from tenants.db import AnyRow

CONTACT = "/contacts/<uuid:contact_id>"


class PersonalData(BaseModel):
    """Everything the workspace knows about a person, by section; later releases may add sections."""

    model_config = ConfigDict(extra="allow")

    contact: list[dict[str, Any]] = Field(description="Their record, and copies of it in the recycle bin.")
    consents: list[dict[str, Any]] = Field(description="What they said about being contacted.")
    holds: list[dict[str, Any]] = Field(description="Duties to keep that were set by hand.")
    deals: list[dict[str, Any]]
    activities: list[dict[str, Any]]
    mentions: list[dict[str, Any]] = Field(description="Activities of their company that mention them.")
    history: list[dict[str, Any]] = Field(description="What was changed about them.")


class PartRead(BaseModel):
    """What becomes of one kind of thing."""

    kind: str = Field(examples=["activity_text"])
    fate: Literal["removed", "emptied", "kept"]
    num: int


class DutyRead(BaseModel):
    """Why a person must be kept."""

    code: str = Field(description="`won_deal`, or `hold` for one that was set by hand.", examples=["won_deal"])
    until: date | None = Field(description="The last day of it; null until somebody lifts it.")
    num: int
    note: str


class PassageRead(BaseModel):
    """A text that others share, in which the mention of the person is blanked."""

    kind: str = Field(examples=["activity"])
    text: str = Field(description="The first mention, with some words around it.")


class ErasurePreview(BaseModel):
    """What erasing a person would do, or why it cannot be yet."""

    name: str = Field(description="What has to be sent to confirm it.")
    parts: list[PartRead]
    passages: list[PassageRead] = Field(description="Look whether all of them are about the person; 50 at most.")
    duties: list[DutyRead] = Field(description="While there is any, erasing is refused (422).")


class ErasureRead(BaseModel):
    """The certificate of an erasure: nothing in it is about the person."""

    id: UUID
    number: int
    created_at: datetime
    contact_id: UUID = Field(description="The id of the record that is gone.")
    member_id: UUID
    member_name: str = Field(description="Who did it.")
    reason: Reason
    parts: list[PartRead]
    fingerprints: list[str] = Field(description="Salted hashes of what the person was known by.")


ErasureListing = listing(Listing, ErasureRead, erasures.ORDERS, "-created_at")
_NAMES = tuple(ErasureRead.model_fields)


@api.operation("GET", f"{CONTACT}/personal-data", tag="privacy", responses={200: PersonalData})
@requires("privacy:export")
def export_personal_data(contact_id: UUID) -> Response:
    """Give out everything about a contact.

    All of it, whoever owns it. That it left is written into the audit log.
    """
    told = personal_data(contact_id, actor=current_member(), kind="json")
    return shown({name: [_written(row) for row in rows] for name, rows in told.items()})


def _written(row: Mapping[str, Any]) -> dict[str, Any]:
    """Write amounts as texts, so that no program's float touches them."""
    return {name: str(value) if isinstance(value, Decimal) else value for name, value in row.items()}


@api.operation("GET", f"{CONTACT}/erasure", tag="privacy", responses={200: ErasurePreview}, etag=True)
@requires("privacy:delete")
def preview_erasure(contact_id: UUID) -> Response:
    """Show what erasing a contact would do, and what stands against it. Nothing is changed."""
    person = erasing.person_to_erase(contact_id, actor=current_member())
    duties = [{"code": one.code, "until": one.until, "num": one.num, "note": one.note} for one in duties_of(person)]
    would = erasing.preview_of(person)
    passages = [{"kind": kind, "text": text} for kind, text in would.passages]
    return shown({"name": person.name, "parts": _parts(would.parts), "passages": passages, "duties": duties})


@api.operation(
    "POST", f"{CONTACT}/erasure", tag="privacy", request_model=ErasureWrite, responses={201: ErasureRead},
    idempotent=True, problems=(409,),
)  # fmt: skip
@requires("privacy:delete")
def erase_contact(contact_id: UUID, body: ErasureWrite) -> Response:
    """Erase a contact for good.

    Their record, consents and shares go; deals and activities stay as numbers; the audit log keeps who did what and
    when. It cannot be undone. 409 for one who is erased already, 422 while there is a duty to keep.
    """
    try:
        erasure_id = erasing.erase(contact_id, body, actor=current_member())
    except AlreadyExists:
        raise ApiProblem(problem("conflict")) from None
    return made(_read(erasures.certified(erasure_id)), f"erasures/{erasure_id}")


@api.operation(
    "GET", "/erasures", tag="privacy", query_model=ErasureListing, responses={200: list_of(sparse(ErasureRead))}
)
@requires("privacy:read")
def list_erasures(query: Listing) -> Response:
    """List the certificates of erasures."""
    after = start(query, "erasures", erasures.ORDERS)
    page = erasures.erasures(current_member(), after=after, limit=query.limit)
    return answer_list([_read(row, query.fields) for row in page.rows], cursor_after(page, query, "erasures"))


@api.operation("GET", "/erasures/<uuid:erasure_id>", tag="privacy", responses={200: ErasureRead}, etag=True)
@requires("privacy:read")
def show_erasure(erasure_id: UUID) -> Response:
    """Show the certificate of an erasure."""
    return shown(_read(erasures.erasure(erasure_id, member=current_member())))


def _parts(parts: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(("kind", "fate", "num"), part, strict=True)) for part in parts]


def _read(row: AnyRow, fields: Sequence[str] = ()) -> dict[str, Any]:
    return {
        name: _parts(row.parts) if name == "parts" else getattr(row, name)
        for name in _NAMES
        if not fields or name == "id" or name in fields
    }
