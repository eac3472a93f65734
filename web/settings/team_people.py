"""Putting people into a team and taking them out: members, helpers, and guests of a closed unit."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from uuid import UUID

from flask import url_for
from flask.typing import ResponseReturnValue

from saas_crm.access import members, team_people, teams
from saas_crm.access.models import Member, Team, TeamHelper, UnitGuest
from saas_crm.access.preview import preview_of_change, preview_of_member_change
from saas_crm.access.queries import is_active_member
from saas_crm.access.reach import World, with_guest, with_help
from saas_crm.core.errors import InvalidInput
from saas_crm.core.forms import Input
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires
from web.customers.picked import checked, member_written, with_picked
from web.forms import by_field, saved, shown_again
from web.settings.confirming import once_confirmed
from web.settings.team import asks_first, team_page
from web.settings.teams_bp import bp

Altered = Callable[[World, UUID, UUID], World]
"""What becomes of the world if a member comes to stand beside a team, or no longer does."""


class MemberForm(Input):
    """Whom a form puts into a team, as a `member_id`, a `helper_id` or a `guest_id`."""

    person: UUID


def _picked(name: str) -> UUID:
    """Return the member whom the picker `name` names. Raises InvalidInput for that field."""
    form, errors = with_picked(current_member(), **{name: member_written})
    form["person"] = form.get(name, "")
    try:
        return checked(MemberForm, form, errors).person
    except InvalidInput as invalid:
        said = by_field(invalid.errors)
        raise InvalidInput({name: said.get(name) or said.get("person") or _("Choose an active member.")}) from None


def _named(name: str, invalid: InvalidInput) -> InvalidInput:
    """Return what is wrong with a `member_id` as a fault of the field `name`."""
    return InvalidInput({name if where == "member_id" else where: text for where, text in invalid.errors.items()})


@bp.post("/settings/teams/<uuid:team_id>/members")
@requires("member:update")
@shown_again(team_page)
@asks_first
def put_in(team_id: UUID) -> ResponseReturnValue:
    """Make this the team of a member; they leave the one they had."""
    team, member = _both(team_id, _picked("member_id"), "member_id")
    _place(member, team.id)
    return saved(_page(team_id), _("%(name)s is in “%(team)s” now.", name=member.name, team=team.name))


@bp.post("/settings/teams/<uuid:team_id>/members/<uuid:member_id>/leaving")
@requires("member:update")
@shown_again(lambda team_id, member_id, **shown: team_page(team_id, **shown))  # noqa: ARG005
@asks_first
def take_out(team_id: UUID, member_id: UUID) -> ResponseReturnValue:
    """Put a member into the team above."""
    team, member = teams.get_team(team_id, member=current_member()), members.get_member(member_id)
    _place(member, team.parent_id)
    return saved(_page(team_id), _("%(name)s is in the team above now.", name=member.name))


def _place(member: Member, team_id: UUID | None) -> None:
    member_id = member.id
    once_confirmed(
        lambda: members.change_team(member, team_id, actor=current_member()),
        lambda: preview_of_member_change([member_id], team_id=team_id),
    )


@bp.post("/settings/teams/<uuid:team_id>/helpers")
@requires("team:update")
@shown_again(team_page)
@asks_first
def add_helper(team_id: UUID) -> ResponseReturnValue:
    """Let a member of another team work for this one too."""
    name, team = _add(team_id, "helper_id", team_people.add_helper, with_help)
    return saved(_page(team_id), _("%(name)s helps “%(team)s” now.", name=name, team=team))


@bp.post("/settings/teams/<uuid:team_id>/helpers/<uuid:member_id>/leaving")
@requires("team:update")
@asks_first
def end_help(team_id: UUID, member_id: UUID) -> ResponseReturnValue:
    """End a helper's work for this team."""
    name, team = _end(team_id, member_id, TeamHelper, partial(with_help, helping=False))
    return saved(_page(team_id), _("%(name)s no longer helps “%(team)s”.", name=name, team=team))


@bp.post("/settings/teams/<uuid:team_id>/guests")
@requires("team:update")
@shown_again(team_page)
@asks_first
def add_guest(team_id: UUID) -> ResponseReturnValue:
    """Let a member from outside see into a closed team."""
    name, team = _add(team_id, "guest_id", team_people.add_guest, with_guest)
    return saved(_page(team_id), _("%(name)s is a guest of “%(team)s” now.", name=name, team=team))


@bp.post("/settings/teams/<uuid:team_id>/guests/<uuid:member_id>/leaving")
@requires("team:update")
@asks_first
def end_visit(team_id: UUID, member_id: UUID) -> ResponseReturnValue:
    """Take a guest's sight of this closed team away."""
    name, team = _end(team_id, member_id, UnitGuest, partial(with_guest, welcome=False))
    return saved(_page(team_id), _("%(name)s is no longer a guest of “%(team)s”.", name=name, team=team))


def _add(team_id: UUID, field: str, add: Callable[..., None], altered: Altered) -> tuple[str, str]:
    """Put the member whom a picker names beside a team; returns both names. Raises InvalidInput for the picker."""
    team, member = _both(team_id, _picked(field), field)
    try:
        once_confirmed(
            lambda: add(team, member.id, actor=current_member()),
            lambda: preview_of_change(lambda world: altered(world, team_id, member.id)),
        )
    except InvalidInput as invalid:
        raise _named(field, invalid) from None
    return member.name, team.name


def _end(team_id: UUID, member_id: UUID, kind: team_people.Beside, altered: Altered) -> tuple[str, str]:
    """Take a member away who stands beside a team; returns both names."""
    team = teams.get_team(team_id, member=current_member())
    once_confirmed(
        lambda: team_people.take_out(kind, team, member_id, actor=current_member()),
        lambda: preview_of_change(lambda world: altered(world, team_id, member_id)),
    )
    return members.name_of(member_id), team.name


def _both(team_id: UUID, member_id: UUID, field: str) -> tuple[Team, Member]:
    """Return a team and a member; raises NotFound for the one and InvalidInput for the other."""
    team = teams.get_team(team_id, member=current_member())
    if not is_active_member(member_id):
        raise InvalidInput({field: _("Choose an active member.")})
    return team, members.get_member(member_id)


def _page(team_id: UUID) -> str:
    return url_for("settings_teams.show", team_id=team_id)
