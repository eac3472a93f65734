"""Members of the workspace: who is in, in which role, who is invited."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from saas_crm.access import invitations
from saas_crm.access import members as actions
from saas_crm.access.models import Member
from saas_crm.access.queries import members, open_invitations, roles
from saas_crm.access.schemas import RoleChoice
from saas_crm.access.throttle import TooManyAttempts
from saas_crm.core.clock import now
from saas_crm.core.errors import InvalidInput
from saas_crm.core.forms import from_form
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.current import current_member, settings, signed_in_user
from saas_crm.edge.declared import requires
from saas_crm.edge.input import input_context
from web.account.sign_in import wait_message
from web.context import photo_url
from web.forms import saved, shown_again
from web.settings.inviting import invite_from_form, role_choices
from web.settings.role_names import role_abilities, role_name

bp = Blueprint("settings_members", __name__)


def members_page(values: Mapping[str, Any] | None = None, errors: Mapping[str, str] | None = None) -> str:
    """Show everybody, and to those who may invite the form and the open invitations."""
    member = current_member()
    may_invite = member.can("member:create")
    return render_template(
        "settings/members.html", rows=[_row(found) for found in members(include_frozen=True)],
        may_invite=may_invite, invitations=[_open(found) for found in open_invitations()] if may_invite else [],
        verified=signed_in_user().email_verified, email=signed_in_user().email, shows_mail=settings().shows_mail,
        roles=role_choices(member) if may_invite else [], abilities=role_abilities(), values=values or {},
        errors=errors or {},
    )  # fmt: skip


def _row(found: Any) -> dict[str, Any]:
    return {
        "href": url_for("settings_members.show", member_id=found.id), "name": found.name, "email": found.email,
        "role": role_name(found.role_key, found.role_name), "team": found.team_name or "",
        "frozen": found.status == "frozen", "me": found.id == current_member().id,
        "photo": photo_url(found.user_id, found.photo_digest),
    }  # fmt: skip


def _open(found: Any) -> dict[str, Any]:
    return {
        "id": found.id, "email": found.email, "role": role_name(found.role_key, found.role_name),
        "expires_at": found.expires_at, "expired": found.expires_at < now(),
    }  # fmt: skip


@bp.get("/settings/members")
@requires("member:read")
def index() -> str:
    """List the members."""
    return members_page()


@bp.post("/settings/members/invitations")
@requires("member:create")
@shown_again(members_page)
def invite() -> ResponseReturnValue:
    """Invite somebody by e-mail."""
    email = invite_from_form()
    return saved(url_for("settings_members.index"), _("%(email)s is invited.", email=email))


@bp.post("/settings/members/invitations/<uuid:invitation_id>/mail")
@requires("member:create")
def resend(invitation_id: UUID) -> ResponseReturnValue:
    """Mail a new link for an open invitation."""
    back = url_for("settings_members.index")
    try:
        invitation = invitations.resend(
            invitation_id, actor=current_member(), tenant=g.tenant, base_url=settings().base_url,
            verified=signed_in_user().email_verified,
        )  # fmt: skip
    except InvalidInput as refused:
        return _refused(refused, back)
    except TooManyAttempts as too_many:
        flash(wait_message(too_many.seconds), "error")
        return redirect(back, 303)
    return saved(back, _("A new link is on its way to %(email)s.", email=invitation.email))


@bp.post("/settings/members/invitations/<uuid:invitation_id>/withdrawal")
@requires("member:create")
def withdraw(invitation_id: UUID) -> ResponseReturnValue:
    """Take an invitation back."""
    invitations.withdraw(invitation_id, actor=current_member())
    return saved(url_for("settings_members.index"), _("The invitation is withdrawn; its link no longer works."))


def member_page(
    member_id: UUID, values: Mapping[str, Any] | None = None, errors: Mapping[str, str] | None = None
) -> str:
    """Show one member and what may be done about them."""
    found, viewer = actions.get_member(member_id), current_member()
    role = next(role for role in roles() if role.id == found.role_id)
    above = role.key == "owner" and viewer.role_key != "owner"
    may_update = viewer.can("member:update") and not above
    return render_template(
        "settings/member.html", found=found, me=found.id == viewer.id, role=role_name(role.key, role.name),
        photo=photo_url(found.user_id, found.photo_digest), may_update=may_update,
        may_lock=may_update and found.id != viewer.id,
        may_remove=viewer.can("member:delete") and not above and found.id != viewer.id,
        roles=role_choices(viewer) if may_update else [], values=values or {"role_id": str(found.role_id)},
        errors=errors or {}, abilities=role_abilities(),
    )  # fmt: skip


@bp.get("/settings/members/<uuid:member_id>")
@requires("member:read")
def show(member_id: UUID) -> str:
    """Show one member."""
    return member_page(member_id)


@bp.post("/settings/members/<uuid:member_id>/role")
@requires("member:update")
@shown_again(member_page)
def change_role(member_id: UUID) -> ResponseReturnValue:
    """Give a member another role."""
    data = from_form(RoleChoice, request.form, input_context(form=True))
    member = actions.get_member(member_id)
    actions.change_role(member, data.role_id, actor=current_member())
    return saved(_page(member), _("%(name)s has another role now.", name=member.name))


@bp.post("/settings/members/<uuid:member_id>/freezing")
@requires("member:update")
@shown_again(member_page)
def freeze(member_id: UUID) -> ResponseReturnValue:
    """Lock a member out for the time being; undone by `thawing`."""
    member = actions.get_member(member_id)
    actions.set_frozen(member, True, actor=current_member())
    undo = url_for("settings_members.thaw", member_id=member_id)
    return saved(_page(member), _("%(name)s is locked out.", name=member.name), undo=undo)


@bp.post("/settings/members/<uuid:member_id>/thawing")
@requires("member:update")
@shown_again(member_page)
def thaw(member_id: UUID) -> ResponseReturnValue:
    """Let a member in again."""
    member = actions.get_member(member_id)
    actions.set_frozen(member, False, actor=current_member())
    return saved(_page(member), _("%(name)s can work again.", name=member.name))


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


def _refused(refused: InvalidInput, back: str) -> ResponseReturnValue:
    for message in refused.errors.values():
        flash(message, "error")
    return redirect(back, 303)
