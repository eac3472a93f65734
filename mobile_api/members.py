"""Members: to choose owners from and to name them, and for admins their role, team and status."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from flask import Response, g
from pydantic import BaseModel, Field
from sqlalchemy import null

from mobile_api.lists import Listing, listed, listing, start
from mobile_api.openapi import list_of, sparse
from mobile_api.previews import AccessPreview, only_tried, told
from mobile_api.records import agreed_version, gone, shown
from mobile_api.registry import api
from mobile_api.seats import SeatsConfirmed, agreed_seats, want
from mobile_api.shapes import Fields, Shape
from saas_crm.access.members import get_member, update_member
from saas_crm.access.models import Member, Role
from saas_crm.access.preview import preview_of_member_change
from saas_crm.access.records import MEMBER_ORDERS, member_record, members
from saas_crm.access.role_schemas import STORED_NAME
from saas_crm.access.schemas import SomeId
from saas_crm.access.signing_out import sign_out_member
from saas_crm.access.team_schemas import MemberWrite, WorkingHours
from saas_crm.core.forms import Input, given, patch_of
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import members_only, requires
from saas_crm.edge.proof import ask_device, proven_for_some
from tenants.versions import lacks_tables

DECIDES = frozenset({"role_id", "team_id", "status"})
"""What decides who may do what: a device is asked for a proof before it is changed."""
NEW = ("working_hours", "substitute_id", "two_factor")
Status = Literal["active", "frozen", "removed"]


class MemberRead(BaseModel):
    """A member of the workspace."""

    id: UUID
    version: int
    name: str
    email: str
    status: Status
    role_id: UUID
    role_key: str | None = Field(description="Which built-in role it is, if any.")
    role_name: str = Field(description=STORED_NAME)
    team_id: UUID | None
    last_seen_at: datetime | None = Field(description="When they were here last, to within five minutes.")
    two_factor: bool | None = Field(
        description="Whether their sign-in takes a second step; null where that is not known yet."
    )
    working_hours: WorkingHours
    substitute_id: UUID | None = Field(description="Who stands in for them.")


class MemberFilters(Listing):
    """Which members."""

    status: Status = "active"
    team_id: UUID | None = None
    two_factor: bool | None = None


MEMBER = Shape(
    MemberRead,
    {**{name: getattr(Member, name, None) for name in MemberRead.model_fields},
     "role_key": Role.key.label("role_key"), "role_name": Role.name.label("role_name")},
)  # fmt: skip


class MemberChange(MemberWrite):
    """What may be changed about a member; who is let in again takes a seat, which may have to be paid."""

    confirm_seats: SeatsConfirmed = None


MemberPatch = patch_of(MemberChange, "MemberPatch", ids_kept=("role_id",))
MemberListing = listing(MemberFilters, MemberRead, MEMBER_ORDERS, "name")


@api.operation(
    "GET", "/members", tag="members", query_model=MemberListing, responses={200: list_of(sparse(MemberRead))}
)
@requires("member:read")
def list_members(query: MemberFilters) -> Response:
    """List members."""
    names, columns = _selected(query.fields)
    page = members(
        current_member(), columns=columns, sort=query.sort, after=start(query, "members", MEMBER_ORDERS),
        limit=query.limit, status=query.status, team_id=query.team_id, two_factor=query.two_factor,
    )  # fmt: skip
    return listed(page, names, MEMBER, query, "members")


@api.operation("GET", "/members/<uuid:member_id>", tag="members", responses={200: MemberRead}, etag=True)
@requires("member:read")
def show_member(member_id: UUID) -> Response:
    """Show a member, also one who has left."""
    return shown(_member(member_id))


@api.operation(
    "PATCH", "/members/<uuid:member_id>", tag="members", request_model=MemberPatch, responses={200: MemberRead},
    etag=True, if_match=True, idempotent=True,
)  # fmt: skip
@members_only
@proven_for_some
def change_member(member_id: UUID, body: MemberChange) -> Response:
    """Change a member's role, team, status, working hours or substitute.

    A frozen member is locked out from the next request on, in browsers and by tokens. Only owners change owners and
    make owners, and one active owner is always left. Their own hours and substitute everybody may change; only the
    rest takes a proof. Where letting somebody in again takes more seats than are paid: 409 (`seat-needed`), as
    inviting does.
    """
    member = current_member()
    if member_id != member.id:
        member.require("member:update")
    if given(body).keys() & DECIDES:
        ask_device()
    found = get_member(member_id, details=True)
    version = agreed_version(found, lambda: _member(member_id))
    confirmed = body.confirm_seats if "confirm_seats" in body.model_fields_set else None
    body.model_fields_set.discard("confirm_seats")
    back = found.status == "frozen" and given(body).get("status") == "active"
    agreed = agreed_seats(confirmed, int(back))
    update_member(found, body, actor=member, version=version)
    want(agreed)
    return shown(MEMBER.of(found, role_key=found.role.key, role_name=found.role.name))


class WantedSeat(Input):
    """Another role or another team; what is left out stays."""

    role_id: SomeId = None
    team_id: SomeId = None


@api.operation(
    "POST", "/members/<uuid:member_id>/preview", tag="members", request_model=WantedSeat,
    responses={200: AccessPreview}, idempotent=True,
)  # fmt: skip
@requires("member:update")
def preview_member(member_id: UUID, body: WantedSeat) -> Response:
    """Show what another role or team would do to this member and to all others; nothing is saved.

    What could not be saved is refused as `PATCH /members/{member_id}` refuses it.
    """
    asked: dict[str, Any] = {name: found for name, found in body if found is not None}
    member, wanted = current_member(), MemberWrite.model_construct(set(asked), **asked)
    only_tried(lambda: update_member(get_member(member_id, details=True), wanted, actor=member))
    return shown(told(preview_of_member_change([member_id], **asked)))


@api.operation(
    "POST", "/members/<uuid:member_id>/sign-out", operation_id="sign_member_out", tag="members", responses={204: None},
    idempotent=True, problems=(422,),
)  # fmt: skip
@requires("member:update")
def sign_member_out(member_id: UUID) -> Response:
    """Sign a member out everywhere: their browsers, and their devices in this workspace.

    They may sign in again at once. Tokens of programs go on; end these by `DELETE /tokens/{token_id}`.
    """
    sign_out_member(get_member(member_id), actor=current_member())
    return gone()


def _member(member_id: UUID) -> Fields:
    names, columns = _selected()
    return MEMBER.shown(names, member_record(member_id, current_member(), columns))


def _selected(fields: Iterable[str] = ()) -> tuple[tuple[str, ...], tuple[Any, ...]]:
    """Return names and columns; in a workspace that is a release behind, what came with this one is not there yet."""
    names, columns = MEMBER.select(fields)
    if not lacks_tables(g.tenant):
        return names, columns
    return names, tuple(
        null().label(name) if name in NEW else column for name, column in zip(names, columns, strict=True)
    )
