"""The team tree: all teams at a look, a new one, and moving one under another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast
from uuid import UUID

from flask import make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from saas_crm.access import teams as actions
from saas_crm.access.models import Team
from saas_crm.access.preview import Preview, preview_of_team_move
from saas_crm.access.team_schemas import TeamWrite
from saas_crm.core.errors import AlreadyExists, InvalidInput
from saas_crm.core.forms import from_form
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import sentences
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires
from saas_crm.edge.input import input_context
from tenants.db import AnyRow, db
from web.forms import form_id, is_htmx, saved, saved_before, shown_again, with_toast
from web.lists import asked, asked_id
from web.settings.confirming import AskedFirst, confirm_page, once_confirmed, sent
from web.settings.team_choices import STEP, places, team_choices
from web.settings.teams_bp import bp

TOP = "top"
"""Stands for "at the top" where a new place is chosen: an empty field means that none was."""


def teams_page(values: Mapping[str, Any] | None = None, errors: Mapping[str, str] | None = None) -> str:
    """Show the tree, with its form for a new team to those who may make one; htmx gets the tree alone."""
    member = current_member()
    shown = actions.tree(member)
    may_create = member.can("team:create")
    parents = [(str(row.id), STEP * depth + row.name) for row, depth in shown] if may_create else []
    template = "settings/_team_tree.html" if is_htmx() else "settings/teams.html"
    return render_template(
        template, roots=_nested(shown), count=len(shown), parents=parents, may_create=may_create,
        may_update=member.can("team:update"), errors=errors or {},
        values=values or {"parent_id": parents[0][0] if parents else ""},
    )  # fmt: skip


def _nested(shown: Sequence[tuple[AnyRow, int]]) -> list[dict[str, Any]]:
    """Return the teams as a tree, each with those below it."""
    roots: list[dict[str, Any]] = []
    above: list[dict[str, Any]] = []
    for row, depth in shown:
        node = {
            "id": str(row.id), "name": row.name, "manager": row.manager_name or "", "people": row.people,
            "closed": row.closed_at is not None, "below": [], "depth": depth,
            "parent_id": str(row.parent_id or ""),
        }  # fmt: skip
        (above[depth - 1]["below"] if depth else roots).append(node)
        above[depth:] = [node]
    return roots


@bp.get("/settings/teams")
@requires("team:read")
def index() -> str:
    """Show the tree."""
    return teams_page()


@bp.post("/settings/teams")
@requires("team:create")
@shown_again(teams_page)
def create() -> ResponseReturnValue:
    """Add a team below another one; the same form sent twice makes one."""
    data = from_form(TeamWrite, request.form, input_context(form=True))
    try:
        team = actions.create_team(data, actor=current_member(), team_id=form_id())
    except AlreadyExists:
        return saved_before(url_for("settings_teams.index"))
    return saved(url_for("settings_teams.index"), _("Team “%(name)s” added.", name=team.name))


@bp.get("/settings/teams/<uuid:team_id>/move")
@requires("team:update")
def choose_place(team_id: UUID, error: str = "") -> str:
    """Show where a team can go, a list of buttons; or whom it touches if it goes where it was dragged."""
    member = current_member()
    team = actions.get_team(team_id, member=member)
    actions.check_team(team, "update", member)
    if not error and (to := asked("parent_id")):
        return _asked_place(team, to)
    found, present = places(but=team.id), str(team.parent_id or TOP)
    at_top = member.scope("team:update") == "all"
    return render_template(
        "settings/team_move.html", team=team, places=found, top=TOP, error=error, at_top=at_top, parent_id=present,
        nowhere=not any(key != present for key in (*(place[0] for place in found), *([TOP] if at_top else []))),
    )  # fmt: skip


def _asked_place(team: Team, to: str) -> str:
    """Show whom it touches if the team goes there, or why it may not."""
    parent_id = asked_id("parent_id")
    try:
        if parent_id is None and to != TOP:
            raise InvalidInput({"parent_id": _("Choose a team.")})
        actions.check_place(team, parent_id, current_member())
    except InvalidInput as invalid:
        return choose_place(team.id, sentences(*invalid.errors.values()))
    kept = [("team_id", str(team.id)), ("parent_id", to)]
    return _confirm(preview_of_team_move(team.id, parent_id), team.name, kept)


@bp.post("/settings/teams/moves")
@requires("team:update")
def move() -> ResponseReturnValue:
    """Put a team with all below it under another one: as dragged, or as chosen from the list."""
    team_id, to = asked_id("team_id", request.form), request.form.get("parent_id", "")
    parent_id = asked_id("parent_id", request.form)
    try:
        if team_id is None or (parent_id is None and to != TOP):
            raise InvalidInput({"parent_id": _("Choose a team.")})
        team = once_confirmed(
            lambda: actions.move_team(team_id, parent_id, actor=current_member()),
            lambda: preview_of_team_move(team_id, parent_id),
        )
    except AskedFirst as asked_first:
        return _ask(team_id, asked_first.preview)
    except InvalidInput as invalid:
        db.session.rollback()
        return _not_moved(team_id, sentences(*invalid.errors.values()))
    said = _("“%(name)s” is in its new place.", name=team.name)
    if is_htmx():
        return make_response(with_toast(teams_page(), said))
    return saved(url_for("settings_teams.index"), said)


def _ask(team_id: UUID | None, preview: Preview) -> ResponseReturnValue:
    """Show whom the move touches; whoever dragged the team is led to a page of its own."""
    here = url_for("settings_teams.choose_place", team_id=team_id)
    if is_htmx():
        response = make_response("", 204)
        response.headers["HX-Redirect"] = f"{here}?parent_id={request.form['parent_id']}"
        return response
    team = actions.get_team(cast("UUID", team_id), member=current_member())
    return _confirm(preview, team.name, sent())


def _confirm(preview: Preview, title: str, kept: list[tuple[str, str]]) -> str:
    to = dict(kept).get("parent_id", TOP)
    where = _("Nothing: to the top of the tree") if to == TOP else dict(team_choices()).get(to, "").strip()
    return confirm_page(
        preview, title=title, action=url_for("settings_teams.move"), back_url=url_for("settings_teams.index"),
        kept=kept, told=_("%(field)s: %(entry)s", field=_("Part of"), entry=where),
    )  # fmt: skip


def _not_moved(team_id: UUID | None, why: str) -> ResponseReturnValue:
    if is_htmx() or team_id is None:
        return teams_page(errors={"": why}), 422
    return choose_place(team_id, why), 422
