"""Looking at the workspace as another member, and leaving that."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, g, redirect, url_for
from flask.typing import ResponseReturnValue

from saas_crm.access import view_as
from saas_crm.core.errors import InvalidInput
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import sentences
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import members_only, requires, while_read_only
from saas_crm.edge.viewing import begin_viewing, end_viewing, viewing

bp = Blueprint("viewing", __name__)


@bp.post("/settings/members/<uuid:member_id>/viewing")
@requires("member:view_as")
def begin(member_id: UUID) -> ResponseReturnValue:
    """Look as a member from the next page on."""
    reader = current_member()
    try:
        seen, until = view_as.begin(member_id, actor=reader)
    except InvalidInput as refused:
        flash(sentences(*refused.errors.values()), "error")
        return redirect(url_for("settings_members.show", member_id=member_id), 303)
    begin_viewing(reader, seen.id, until)
    return redirect(url_for("today.index"), 303)


@bp.post("/viewing/end")
@members_only
@while_read_only
def end() -> ResponseReturnValue:
    """See with one's own eyes again; to whoever does already nothing happens."""
    present = viewing()
    if present is None:
        return redirect(url_for("today.index"), 303)
    seen = current_member()
    view_as.note_end(seen.id, "left")
    g.member = present.reader
    end_viewing()
    flash(_("You are yourself again."), "success")
    return redirect(url_for("settings_members.show", member_id=seen.id), 303)
