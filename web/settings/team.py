"""One team: its name, who leads it, whether it is closed, and deleting it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar
from uuid import UUID

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from saas_crm.access import members, teams
from saas_crm.access.models import Team
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.preview import preview_of_change
from saas_crm.access.queries import teams as tree
from saas_crm.access.reach import with_leader, with_team_closed, with_team_deleted
from saas_crm.access.schemas import SomeId
from saas_crm.access.team_people import beside, members_of
from saas_crm.access.team_schemas import TeamWrite
from saas_crm.core.fields import Name
from saas_crm.core.forms import Input
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires
from web.conflicts import conflict_page
from web.context import photo_url
from web.customers.picked import checked, member_written, with_known, with_picked
from web.forms import form_version, saved, shown_again
from web.merging import Merged
from web.settings.confirming import AskedFirst, confirm_page, once_confirmed, sent
from web.settings.role_names import role_name
from web.settings.teams_bp import bp

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])


class TeamForm(Input):
    """What the form of a team sends."""

    name: Name
    manager_id: SomeId = None


def team_page(team_id: UUID, values: Mapping[str, Any] | None = None, errors: Mapping[str, str] | None = None) -> str:
    """Show one team, its people, and what may be done with it."""
    member = current_member()
    team = teams.get_team(team_id, member=member)
    helpers, guests = beside(team_id)
    manager = members.name_of(team.manager_id)
    stored = {**_team_values(team), "manager_id_text": manager}
    known = tree()
    names = {str(one.id): one.name for one in known}
    people = [_person(row) for row in members_of(team_id)]
    return render_template(
        "settings/team.html", team=team, people=people, helpers=[_person(row) for row in helpers],
        guests=[_person(row) for row in guests], parent=names.get(str(team.parent_id), ""), manager=manager,
        above=[(url_for("settings_teams.show", team_id=one), names.get(str(one), "")) for one in team.path[:-1]],
        may_update=_may(team, "update", member), may_delete=_may(team, "delete", member) and len(names) > 1,
        may_move=team.parent_id is not None or any(len(one.path) == 1 and one.id != team.id for one in known),
        may_place=member.can("member:update"), values={**stored, **(values or {})}, errors=errors or {},
    )  # fmt: skip


def _may(team: Team, action: str, member: CurrentMember) -> bool:
    """Whether the member's scope covers the team, as `teams.check_team` has it."""
    scope = member.scope(f"team:{action}")
    own = team.id == member.team_id or (scope == "subtree" and member.team_id in team.path)
    return scope == "all" or (scope is not None and own)


def _person(row: Any) -> dict[str, Any]:
    role = role_name(row.role_key, row.role_name) if hasattr(row, "role_key") else ""
    return {
        "id": str(row.id), "name": row.name, "href": url_for("settings_members.show", member_id=row.id),
        "photo": photo_url(row.user_id, row.photo_digest), "role": role, "frozen": row.status == "frozen",
    }  # fmt: skip


def asks_first(view: View) -> View:
    """Show whom a change of a team touches where `once_confirmed` says that it has to be asked."""

    @wraps(view)
    def asking(team_id: UUID, **arguments: Any) -> ResponseReturnValue:
        try:
            return view(team_id=team_id, **arguments)
        except AskedFirst as asked:
            team = teams.get_team(team_id, member=current_member())
            here = request.script_root + request.path
            kept = sent()
            return confirm_page(
                asked.preview, title=team.name, action=here, back_url=_page(team_id), kept=kept, again=bool(kept)
            )

    return asking  # type: ignore[return-value]


@bp.get("/settings/teams/<uuid:team_id>")
@requires("team:read")
def show(team_id: UUID) -> str:
    """Show one team."""
    return team_page(team_id)


def _conflict(team_id: UUID) -> str | Merged:
    team, here = teams.get_team(team_id, member=current_member()), _page(team_id)
    form, _new = with_known(current_member(), manager_id=member_written)
    labels = {"name": _("Name"), "manager_id": _("Led by")}
    return conflict_page(
        team, TeamForm, _team_values, labels, action=here, back_url=here, form=form,
        shown=lambda name, value: members.name_of(UUID(value)) if name == "manager_id" and value else value,
    )  # fmt: skip


def _team_values(team: Any) -> dict[str, str]:
    """Return a team's fields, or a checked form's, as the form writes them."""
    return {"name": team.name, "manager_id": str(team.manager_id or "")}


@bp.post("/settings/teams/<uuid:team_id>")
@requires("team:update")
@shown_again(team_page, conflict=_conflict)
@asks_first
def change(team_id: UUID) -> ResponseReturnValue:
    """Rename a team, and say who leads it."""
    team = teams.get_team(team_id, member=current_member())
    typed = checked(TeamForm, *with_picked(current_member(), manager_id=member_written))
    data = TeamWrite.model_construct({"name", "manager_id"}, name=typed.name, manager_id=typed.manager_id)
    once_confirmed(
        lambda: teams.update_team(team, data, actor=current_member(), version=form_version()),
        lambda: preview_of_change(lambda world: with_leader(world, team_id, typed.manager_id)),
    )
    return saved(_page(team_id), _("Saved."))


@bp.post("/settings/teams/<uuid:team_id>/closing")
@requires("team:update")
@asks_first
def close(team_id: UUID) -> ResponseReturnValue:
    """Close a team with all below it to the others."""
    _close(team_id, True)
    undo = url_for("settings_teams.open_again", team_id=team_id, confirmed=1)
    return saved(_page(team_id), _("The team is closed to the others."), undo=undo)


@bp.post("/settings/teams/<uuid:team_id>/opening")
@requires("team:update")
@asks_first
def open_again(team_id: UUID) -> ResponseReturnValue:
    """Open a closed team again."""
    _close(team_id, False)
    undo = url_for("settings_teams.close", team_id=team_id, confirmed=1)
    return saved(_page(team_id), _("The team is open to the others again."), undo=undo)


def _close(team_id: UUID, closed: bool) -> None:
    team = teams.get_team(team_id, member=current_member())
    data = TeamWrite.model_construct({"closed"}, name=team.name, closed=closed)
    once_confirmed(
        lambda: teams.update_team(team, data, actor=current_member()),
        lambda: preview_of_change(lambda world: with_team_closed(world, team_id, closed)),
    )


@bp.post("/settings/teams/<uuid:team_id>/deletion")
@requires("team:delete")
@shown_again(team_page)
@asks_first
def delete(team_id: UUID) -> ResponseReturnValue:
    """Delete a team; what is in it goes to its parent if the form says so. Whom it touches is shown first."""

    def act() -> str:
        teams.hold_tree()
        team = teams.get_team(team_id, member=current_member())
        name = team.name
        teams.delete_team(team, actor=current_member(), move_up=bool(request.form.get("move_up")))
        return name

    name = once_confirmed(act, lambda: preview_of_change(lambda world: with_team_deleted(world, team_id)))
    return saved(url_for("settings_teams.index"), _("Team “%(name)s” is deleted.", name=name))


def _page(team_id: UUID) -> str:
    return url_for("settings_teams.show", team_id=team_id)
