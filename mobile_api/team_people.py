"""Who works for a team besides its own people, and the guests of a closed unit."""

from __future__ import annotations

from uuid import UUID

from flask import Response
from pydantic import BaseModel, Field

from mobile_api.lists import answer_list
from mobile_api.openapi import list_of
from mobile_api.records import gone, made
from mobile_api.registry import api
from mobile_api.shapes import Fields
from saas_crm.access.models import TeamHelper, UnitGuest
from saas_crm.access.team_people import Beside, add_guest, add_helper, beside, take_out
from saas_crm.access.teams import get_team
from saas_crm.core.errors import NotFound
from saas_crm.core.forms import Input
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires


class TeamPersonWrite(Input):
    """Whom it is about."""

    member_id: UUID


class TeamPersonRead(BaseModel):
    """A member of another team who helps, or visits, a team."""

    member_id: UUID
    name: str = Field(examples=["Ann Lee"])


def _people(team_id: UUID, kind: Beside) -> list[Fields]:
    helpers, guests = beside(team_id)
    return [{"member_id": row.id, "name": row.name} for row in (helpers if kind is TeamHelper else guests)]


def _one(team_id: UUID, kind: Beside, member_id: UUID) -> Fields:
    for row in _people(team_id, kind):
        if row["member_id"] == member_id:
            return row
    raise NotFound


@api.operation("GET", "/teams/<uuid:team_id>/helpers", tag="teams", responses={200: list_of(TeamPersonRead)})
@requires("team:read")
def list_team_helpers(team_id: UUID) -> Response:
    """List who of other teams works for this one too.

    All of them at once.
    """
    get_team(team_id, member=current_member())
    return answer_list(_people(team_id, TeamHelper))


@api.operation(
    "POST", "/teams/<uuid:team_id>/helpers", tag="teams", request_model=TeamPersonWrite,
    responses={201: TeamPersonRead}, idempotent=True,
)  # fmt: skip
@requires("team:update")
def add_team_helper(team_id: UUID, body: TeamPersonWrite) -> Response:
    """Let a member of another team work for this one too: they see what it sees."""
    add_helper(get_team(team_id, member=current_member()), body.member_id, actor=current_member())
    return made(_one(team_id, TeamHelper, body.member_id), f"teams/{team_id}/helpers")


@api.operation(
    "DELETE", "/teams/<uuid:team_id>/helpers/<uuid:member_id>", tag="teams", responses={204: None}, idempotent=True
)
@requires("team:update")
def end_team_helper(team_id: UUID, member_id: UUID) -> Response:
    """End a helper's work for this team."""
    take_out(TeamHelper, get_team(team_id, member=current_member()), member_id, actor=current_member())
    return gone()


@api.operation("GET", "/teams/<uuid:team_id>/guests", tag="teams", responses={200: list_of(TeamPersonRead)})
@requires("team:read")
def list_team_guests(team_id: UUID) -> Response:
    """List who from outside sees into this closed team.

    All of them at once.
    """
    get_team(team_id, member=current_member())
    return answer_list(_people(team_id, UnitGuest))


@api.operation(
    "POST", "/teams/<uuid:team_id>/guests", tag="teams", request_model=TeamPersonWrite,
    responses={201: TeamPersonRead}, idempotent=True,
)  # fmt: skip
@requires("team:update")
def add_team_guest(team_id: UUID, body: TeamPersonWrite) -> Response:
    """Let a member from outside see into a closed team, as far as their role reaches."""
    add_guest(get_team(team_id, member=current_member()), body.member_id, actor=current_member())
    return made(_one(team_id, UnitGuest, body.member_id), f"teams/{team_id}/guests")


@api.operation(
    "DELETE", "/teams/<uuid:team_id>/guests/<uuid:member_id>", tag="teams", responses={204: None}, idempotent=True
)
@requires("team:update")
def end_team_guest(team_id: UUID, member_id: UUID) -> Response:
    """Take a guest's sight of this closed team away."""
    take_out(UnitGuest, get_team(team_id, member=current_member()), member_id, actor=current_member())
    return gone()
