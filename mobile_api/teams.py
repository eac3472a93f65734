"""The team tree."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from flask import Response
from pydantic import BaseModel, Field

from mobile_api.lists import Listing, listed, listing, start
from mobile_api.openapi import list_of, sparse
from mobile_api.previews import AccessPreview, only_tried, told
from mobile_api.records import Identified, agreed_version, gone, made, shown, taken_id
from mobile_api.registry import api
from mobile_api.shapes import Fields, Shape
from saas_crm.access import teams as actions
from saas_crm.access.models import Team
from saas_crm.access.preview import preview_of_change
from saas_crm.access.reach import World, with_leader, with_team_closed, with_team_deleted, with_team_moved
from saas_crm.access.records import TEAM_ORDERS, team_record, teams
from saas_crm.access.schemas import SomeId
from saas_crm.access.team_schemas import TeamWrite
from saas_crm.core.forms import Input, patch_of
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires

TeamPatch = patch_of(TeamWrite, "TeamPatch")


class TeamRead(BaseModel):
    """A team of the tree."""

    id: UUID
    version: int
    created_at: datetime
    updated_at: datetime
    name: str = Field(examples=["North"])
    parent_id: UUID | None
    path: list[UUID] = Field(description="The teams above it, from the top, and itself.")
    manager_id: UUID | None = Field(description="The member who leads it.")
    closed: bool = Field(description="Whether what its branch owns is hidden from the rest.")


class NewTeam(Identified, TeamWrite):
    """A new team."""


class TeamFilters(Listing):
    """Which teams."""

    parent_id: UUID | None = Field(default=None, description="Those right below this one.")


class TeamDeletion(Input):
    """What becomes of those in it."""

    move_up: bool = Field(
        default=False, description="Its members, open invitations and the teams below it go to the team above."
    )


TEAM = Shape(
    TeamRead,
    {name: Team.closed_at.is_not(None).label("closed") if name == "closed" else getattr(Team, name)
     for name in TeamRead.model_fields},
)  # fmt: skip
TeamListing = listing(TeamFilters, TeamRead, TEAM_ORDERS, "name")


@api.operation("GET", "/teams", tag="teams", query_model=TeamListing, responses={200: list_of(sparse(TeamRead))})
@requires("team:read")
def list_teams(query: TeamFilters) -> Response:
    """List teams."""
    names, columns = TEAM.select(query.fields)
    page = teams(
        current_member(), columns=columns, sort=query.sort, after=start(query, "teams", TEAM_ORDERS),
        limit=query.limit, parent_id=query.parent_id,
    )  # fmt: skip
    return listed(page, names, TEAM, query, "teams")


@api.operation(
    "POST", "/teams", tag="teams", request_model=NewTeam, responses={201: TeamRead}, etag=True, idempotent=True
)
@requires("team:create")
def create_team(body: NewTeam) -> Response:
    """Make a team."""
    team = actions.create_team(body, actor=current_member(), team_id=taken_id(body))
    return made(_of(team), f"teams/{team.id}")


@api.operation("GET", "/teams/<uuid:team_id>", tag="teams", responses={200: TeamRead}, etag=True)
@requires("team:read")
def show_team(team_id: UUID) -> Response:
    """Show a team."""
    return shown(_team(team_id))


@api.operation(
    "PATCH", "/teams/<uuid:team_id>", tag="teams", request_model=TeamPatch, responses={200: TeamRead}, etag=True,
    if_match=True, idempotent=True,
)  # fmt: skip
@requires("team:update")
def change_team(team_id: UUID, body: TeamWrite) -> Response:
    """Change a team.

    Another `parent_id` moves it with its members and all teams below it; it cannot be moved below itself.
    """
    if "parent_id" in body.model_fields_set:
        actions.hold_tree()
    team = actions.get_team(team_id, member=current_member())
    version = agreed_version(team, lambda: _team(team_id))
    actions.update_team(team, body, actor=current_member(), version=version)
    return shown(_of(team))


@api.operation(
    "DELETE", "/teams/<uuid:team_id>", tag="teams", query_model=TeamDeletion, responses={204: None}, if_match=True,
    idempotent=True,
)  # fmt: skip
@requires("team:delete")
def delete_team(team_id: UUID, query: TeamDeletion) -> Response:
    """Delete a team for good.

    One that still has members or teams below it is refused, unless `move_up` sends them to the team above. The last
    team stays.
    """
    actions.hold_tree()
    team = actions.get_team(team_id, member=current_member())
    version = agreed_version(team, lambda: _team(team_id))
    actions.delete_team(team, actor=current_member(), version=version, move_up=query.move_up)
    return gone()


class WantedTeam(Input):
    """Another place, another leader, closed or open, or gone; what is left out stays."""

    parent_id: SomeId = None
    manager_id: SomeId = None
    closed: bool = False
    deleted: bool = Field(default=False, description="As `DELETE` with `move_up` would do; then nothing else counts.")


@api.operation(
    "POST", "/teams/<uuid:team_id>/preview", tag="teams", request_model=WantedTeam, responses={200: AccessPreview},
    idempotent=True,
)  # fmt: skip
@requires("team:update")
def preview_team(team_id: UUID, body: WantedTeam) -> Response:
    """Show who would gain and who would lose how many records by a change of a team; nothing is saved.

    What could not be saved is refused as `PATCH` and `DELETE /teams/{team_id}` refuse it.
    """
    only_tried(lambda: _change(team_id, body))
    return shown(told(preview_of_change(lambda world: _changed(world, team_id, body))))


def _change(team_id: UUID, body: WantedTeam) -> None:
    actions.hold_tree()
    team = actions.get_team(team_id, member=current_member())
    if body.deleted:
        actions.delete_team(team, actor=current_member(), move_up=True)
        return
    asked = {name: getattr(body, name) for name in body.model_fields_set - {"deleted"}}
    actions.update_team(team, TeamWrite.model_construct(set(asked), **asked), actor=current_member())


def _changed(world: World, team_id: UUID, body: WantedTeam) -> World:
    if body.deleted:
        return with_team_deleted(world, team_id)
    asked = body.model_fields_set
    if "parent_id" in asked:
        world = with_team_moved(world, team_id, body.parent_id)
    if "manager_id" in asked:
        world = with_leader(world, team_id, body.manager_id)
    return with_team_closed(world, team_id, body.closed) if "closed" in asked else world


def _of(team: Team) -> Fields:
    return TEAM.of(team, closed=team.closed_at is not None)


def _team(team_id: UUID) -> Fields:
    names, columns = TEAM.select()
    return TEAM.shown(names, team_record(team_id, current_member(), columns))
