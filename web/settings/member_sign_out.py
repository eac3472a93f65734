"""Signing a member out everywhere, from their page."""

from __future__ import annotations

from uuid import UUID

from flask import url_for
from flask.typing import ResponseReturnValue

from saas_crm.access.members import get_member
from saas_crm.access.signing_out import sign_out_member
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires, while_read_only
from web.forms import saved, shown_again
from web.settings.member import member_page
from web.settings.members_bp import bp


@bp.post("/settings/members/<uuid:member_id>/sign-out")
@requires("member:update")
@while_read_only
@shown_again(member_page)
def sign_out(member_id: UUID) -> ResponseReturnValue:
    """End a colleague's sessions and the tokens of their devices."""
    member = get_member(member_id)
    sign_out_member(member, actor=current_member())
    page = url_for("settings_members.show", member_id=member.id)
    return saved(page, _("%(name)s is signed out everywhere.", name=member.name))
