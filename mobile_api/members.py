"""Members, to choose owners from and to name them."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from flask import Response
from pydantic import BaseModel, Field

from mobile_api.lists import Listing, listed, listing, start
from mobile_api.openapi import list_of, sparse
from mobile_api.records import shown
from mobile_api.registry import api
from mobile_api.shapes import Shape
from saas_crm.access.models import Member, Role
from saas_crm.access.records import MEMBER_ORDERS, member_record, members
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires

Status = Literal["active", "frozen", "removed"]


class MemberRead(BaseModel):
    """A member of the workspace."""

    id: UUID
    version: int
    name: str
    email: str
    status: Status
    role_key: str | None = Field(description="Which built-in role it is, if any.")
    role_name: str
    team_id: UUID | None


class MemberFilters(Listing):
    """Which members."""

    status: Status = "active"
    team_id: UUID | None = None


MEMBER = Shape(
    MemberRead,
    {**{name: getattr(Member, name, None) for name in MemberRead.model_fields},
     "role_key": Role.key.label("role_key"), "role_name": Role.name.label("role_name")},
)  # fmt: skip
MemberListing = listing(MemberFilters, MemberRead, MEMBER_ORDERS, "name")


@api.operation(
    "GET", "/members", tag="members", query_model=MemberListing, responses={200: list_of(sparse(MemberRead))}
)
@requires("member:read")
def list_members(query: MemberFilters) -> Response:
    """List members."""
    names, columns = MEMBER.select(query.fields)
    page = members(
        current_member(), columns=columns, sort=query.sort, after=start(query, "members", MEMBER_ORDERS),
        limit=query.limit, status=query.status, team_id=query.team_id,
    )  # fmt: skip
    return listed(page, names, MEMBER, query, "members")


@api.operation("GET", "/members/<uuid:member_id>", tag="members", responses={200: MemberRead}, etag=True)
@requires("member:read")
def show_member(member_id: UUID) -> Response:
    """Show a member, also one who has left."""
    names, columns = MEMBER.select()
    return shown(MEMBER.shown(names, member_record(member_id, current_member(), columns)))
