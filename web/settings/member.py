"""One member: role, team, helped teams, working hours, substitute, locking out, removing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from flask import g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from saas_crm.access import members as actions
from saas_crm.access.factors.resetting import may_reset, reset_factors
from saas_crm.access.models import Member, TeamHelper
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.preview import Preview, preview_of_change, preview_of_member_change
from saas_crm.access.reach import with_help
from saas_crm.access.schemas import RoleChoice
from saas_crm.access.team_people import add_helper, helped_teams, take_out
from saas_crm.access.team_schemas import HoursWrite, MemberWrite, SubstituteWrite, TeamChoice
from saas_crm.access.teams import get_team
from saas_crm.access.view_as import may_view_all, still_seen
from saas_crm.core.errors import Forbidden, InvalidInput, NotFound
from saas_crm.core.forms import from_form
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import members_only, requires
from saas_crm.edge.input import input_context
from saas_crm.edge.proof import proven
from tenants.versions import lacks_tables
from web.context import photo_url
from web.customers.picked import checked, member_written, with_picked
from web.forms import saved, shown_again
from web.hand_over.offer import offer
from web.settings.confirming import AskedFirst, confirm_page, once_confirmed, sent
from web.settings.hours import hours_from_form, hours_told, hours_values
from web.settings.inviting import role_choices
from web.settings.members_bp import bp
from web.settings.role_names import role_abilities, role_name
from web.settings.team_choices import team_choices


def member_page(
    member_id: UUID, values: Mapping[str, Any] | None = None, errors: Mapping[str, str] | None = None
) -> str:
    """Show one member and what may be done about them."""
    viewer, behind = current_member(), lacks_tables(g.tenant)
    found = actions.get_member(member_id, details=not behind)
    me, above = found.id == viewer.id, found.role.key == "owner" != viewer.role_key
    may_update = viewer.can("member:update") and not above
    stored = {"role_id": str(found.role_id), "team_id": str(found.team_id or "")}
    teams = team_choices()
    return render_template(
        "settings/member.html", found=found, me=me, role=role_name(found.role.key, found.role.name),
        photo=photo_url(found.user_id, found.photo_digest), may_update=may_update, may_lock=may_update and not me,
        may_remove=viewer.can("member:delete") and not above and not me, may_arrange=may_update or me,
        roles=role_choices(viewer) if may_update else [], teams=teams, abilities=role_abilities(),
        hand_over=offer(member_id), may_reset=not behind and may_reset(found, viewer),
        view_as_url=url_for("viewing.begin", member_id=member_id) if _may_view(found, viewer) else "",
        team=dict(teams).get(stored["team_id"], "").strip(),
        sign_ins_url=viewer.can("audit:read") and url_for("settings_audit.index", member=member_id, resource="session"),
        errors=errors or {}, values={**stored, **({} if behind else _arranged(found)), **(values or {})},
        **({"arranges": False} if behind else _beside(found)),
    )  # fmt: skip


def _may_view(found: Member, viewer: CurrentMember) -> bool:
    if not viewer.can("member:view_as") or found.status != "active" or found.id == viewer.id:
        return False
    told = may_view_all(viewer, found.role.key, found.role.permissions)
    return still_seen(found.id, viewer) is not None if told is None else told


def _arranged(found: Member) -> dict[str, str]:
    """Return hours and substitute as their forms have them."""
    return {**hours_values(found.working_hours), "substitute_id": str(found.substitute_id or "")}


def _beside(found: Member) -> dict[str, Any]:
    """Return what came with a later release: helped teams, hours and the substitute's name."""
    may_help = current_member().can("team:update")
    name = actions.name_of(found.substitute_id)
    return {
        "arranges": True, "helped": helped_teams(found.id), "may_help": may_help,
        **hours_told(found.working_hours), "substitute": name, "two_factor": found.two_factor,
    }  # fmt: skip


@bp.get("/settings/members/<uuid:member_id>")
@requires("member:read")
def show(member_id: UUID) -> str:
    """Show one member."""
    return member_page(member_id)


@bp.post("/settings/members/<uuid:member_id>/role")
@requires("member:update")
@proven
@shown_again(member_page)
def change_role(member_id: UUID) -> ResponseReturnValue:
    """Give a member another role."""
    data = from_form(RoleChoice, request.form, input_context(form=True))
    return _confirmed(
        member_id, lambda member: actions.change_role(member, data.role_id, actor=current_member()),
        lambda: preview_of_member_change([member_id], role_id=data.role_id),
        lambda name: _("%(name)s has another role now.", name=name),
    )  # fmt: skip


def _confirmed(
    member_id: UUID, change: Callable[[Member], None], foresee: Callable[[], Preview], said: Callable[[str], str]
) -> ResponseReturnValue:
    """Change a member and say so, or show first whom it touches and ask."""

    def act() -> Member:
        member = actions.get_member(member_id)
        change(member)
        return member

    try:
        member = once_confirmed(act, foresee)
    except AskedFirst as asked:
        member = actions.get_member(member_id)
        here, kept = request.script_root + request.path, sent()
        return confirm_page(
            asked.preview, title=member.name, action=here, back_url=_page(member), kept=kept, again=bool(kept)
        )
    return saved(_page(member), said(member.name))


@bp.post("/settings/members/<uuid:member_id>/team")
@requires("member:update")
@shown_again(member_page)
def change_team(member_id: UUID) -> ResponseReturnValue:
    """Put a member into another team."""
    data = from_form(TeamChoice, request.form, input_context(form=True))
    return _confirmed(
        member_id, lambda member: actions.change_team(member, data.team_id, actor=current_member()),
        lambda: preview_of_member_change([member_id], team_id=data.team_id),
        lambda name: _("%(name)s is in another team now.", name=name),
    )  # fmt: skip


@bp.post("/settings/members/<uuid:member_id>/helped-teams")
@requires("team:update")
@shown_again(member_page)
def help_team(member_id: UUID) -> ResponseReturnValue:
    """Let a member work for a further team."""
    data = from_form(TeamChoice, request.form, input_context(form=True))
    actions.get_member(member_id)
    try:
        team = get_team(data.team_id, member=current_member())
    except NotFound:
        raise InvalidInput({"team_id": _("Choose a team.")}) from None
    return _confirmed(
        member_id, lambda member: add_helper(team, member.id, actor=current_member()),
        lambda: preview_of_change(lambda world: with_help(world, data.team_id, member_id)),
        lambda name: _("%(name)s helps “%(team)s” now.", name=name, team=team.name),
    )  # fmt: skip


@bp.post("/settings/members/<uuid:member_id>/helped-teams/<uuid:team_id>/end")
@requires("team:update")
def end_help(member_id: UUID, team_id: UUID) -> ResponseReturnValue:
    """End a member's work for a further team."""
    actions.get_member(member_id)
    team = get_team(team_id, member=current_member())
    return _confirmed(
        member_id, lambda member: take_out(TeamHelper, team, member.id, actor=current_member()),
        lambda: preview_of_change(lambda world: with_help(world, team_id, member_id, helping=False)),
        lambda name: _("%(name)s no longer helps “%(team)s”.", name=name, team=team.name),
    )  # fmt: skip


@bp.post("/settings/members/<uuid:member_id>/hours")
@members_only
@shown_again(member_page)
def set_hours(member_id: UUID) -> ResponseReturnValue:
    """Say when a member works: their own hours everybody may set."""
    member = _arrangeable(member_id)
    hours: HoursWrite = hours_from_form()
    data = MemberWrite.model_construct({"working_hours"}, role_id=member.role_id, working_hours=hours.working_hours)
    actions.update_member(member, data, actor=current_member())
    return saved(_page(member), _("Working hours saved."))


@bp.post("/settings/members/<uuid:member_id>/substitute")
@members_only
@shown_again(member_page)
def set_substitute(member_id: UUID) -> ResponseReturnValue:
    """Say who stands in for a member: for oneself everybody may."""
    member = _arrangeable(member_id)
    sent = checked(SubstituteWrite, *with_picked(current_member(), substitute_id=member_written))
    data = MemberWrite.model_construct({"substitute_id"}, role_id=member.role_id, substitute_id=sent.substitute_id)
    actions.update_member(member, data, actor=current_member())
    return saved(_page(member), _("Substitute saved."))


def _arrangeable(member_id: UUID) -> Member:
    """Return a member whose hours and substitute the reader may set; raises NotFound and Forbidden."""
    viewer = current_member()
    if member_id != viewer.id and not viewer.can("member:update"):
        raise Forbidden("member:update")
    return actions.get_member(member_id, details=True)


@bp.post("/settings/members/<uuid:member_id>/two-factor/reset")
@requires("member:update")
@proven
@shown_again(member_page)
def reset_two_factor(member_id: UUID) -> ResponseReturnValue:
    """Take app and recovery codes off the sign-in of a colleague who has lost them."""
    member = actions.get_member(member_id, details=True)
    reset_factors(member, actor=current_member())
    return saved(_page(member), _("%(name)s signs in with the password alone now.", name=member.name))


@bp.post("/settings/members/<uuid:member_id>/removal")
@requires("member:delete")
@shown_again(member_page)
def remove(member_id: UUID) -> ResponseReturnValue:
    """Take a member out of the workspace."""
    member = actions.get_member(member_id)
    actions.remove(member, actor=current_member())
    return saved(url_for("settings_members.index"), _("%(name)s is no longer a member.", name=member.name))


def _page(member: Member) -> str:
    return url_for("settings_members.show", member_id=member.id)
