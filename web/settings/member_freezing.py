"""Locking a member out and letting them in again, who takes a seat that may have to be paid."""

from __future__ import annotations

from uuid import UUID

from flask import url_for
from flask.typing import ResponseReturnValue

from saas_crm.access import members as actions
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires
from web.billing.seat_asking import SeatsNeeded, check_seats, seats_page, want
from web.forms import saved, shown_again
from web.settings.member import member_page
from web.settings.members_bp import bp


@bp.post("/settings/members/<uuid:member_id>/freezing")
@requires("member:update")
@shown_again(member_page)
def freeze(member_id: UUID) -> ResponseReturnValue:
    """Lock a member out for the time being; undone by `thawing`."""
    member = actions.get_member(member_id)
    actions.set_frozen(member, True, actor=current_member())
    undo = url_for("settings_members.thaw", member_id=member_id)
    return saved(
        url_for("settings_members.show", member_id=member_id), _("%(name)s is locked out.", name=member.name), undo=undo
    )


@bp.post("/settings/members/<uuid:member_id>/thawing")
@requires("member:update")
@shown_again(member_page)
def thaw(member_id: UUID) -> ResponseReturnValue:
    """Let a member in again; where that takes more seats than are paid, what they cost is asked first."""
    member = actions.get_member(member_id)
    actions.check_reach(member, current_member())
    try:
        agreed = check_seats(int(member.status == "frozen"))
        actions.set_frozen(member, False, actor=current_member())
        want(agreed)
    except SeatsNeeded as needed:
        here = url_for("settings_members.thaw", member_id=member_id)
        return seats_page(
            needed.needed, action=here, back_url=url_for("settings_members.show", member_id=member_id), purpose="thaw"
        )
    return saved(url_for("settings_members.show", member_id=member_id), _("%(name)s can work again.", name=member.name))
