"""Who has one of the plan's seats, and choosing who keeps one."""

from __future__ import annotations

from uuid import UUID

from flask import Response
from pydantic import BaseModel, Field

from mobile_api.records import shown
from mobile_api.registry import api
from mobile_api.shapes import Fields
from saas_crm.access.seats import choose, most_seats, seats
from saas_crm.core.forms import Input
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import owners_only, requires
from tenants.db import db


class SeatRead(BaseModel):
    """An active member, and whether they have a seat."""

    member_id: UUID
    name: str
    seat: bool
    owner: bool = Field(description="Owners come first.")


class SeatsRead(BaseModel):
    """How many seats the plan has for people, and who has them, in that order."""

    most: int | None = Field(description="null: everybody has a seat.")
    without: int = Field(description="People who have none: they read and change nothing.")
    members: list[SeatRead]


class SeatsChosen(Input):
    """Who keeps a seat, besides owners."""

    member_ids: list[UUID] = Field(max_length=1_000, description="Seats that are left go to who is here longest.")


@api.operation("GET", "/seats", tag="members", responses={200: SeatsRead}, etag=True)
@requires("member:read")
def show_seats() -> Response:
    """Show who has one of the plan's seats."""
    return shown(_seats())


@api.operation(
    "POST", "/seats", tag="members", request_model=SeatsChosen, responses={200: SeatsRead}, idempotent=True,
    problems=(422,),
)  # fmt: skip
@owners_only
def choose_seats(body: SeatsChosen) -> Response:
    """Decide who keeps a seat where the plan has fewer than there are people; owners only.

    It holds from the next request of those people on. Where more are named than there are seats: 422 (`too_many`).
    """
    choose(body.member_ids, actor=current_member())
    db.session.flush()
    return shown(_seats())


def _seats() -> Fields:
    people = seats()
    return {
        "most": most_seats(), "without": sum(not one.seated for one in people),
        "members": [
            {"member_id": one.member_id, "name": one.name, "seat": one.seated, "owner": one.owner} for one in people
        ],
    }  # fmt: skip
