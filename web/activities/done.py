"""Ticking an activity off, taking the tick back, putting it into the recycle bin: from wherever it is shown."""

from __future__ import annotations

from uuid import UUID

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from saas_crm.activities import actions, queries
from saas_crm.activities.models import OUTCOMES, Activity
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires
from web.activities.bp import bp
from web.activities.customer import about_activity
from web.forms import came_from, saved, wants_part, with_toast
from web.today.tasks import task_of


@bp.post("/activities/<uuid:activity_id>/done")
@requires("activity:update")
def finish(activity_id: UUID) -> ResponseReturnValue:
    """Tick an activity off, with its `outcome` where the form says one."""
    outcome = request.form.get("outcome", "")
    return _set_done(activity_id, True, outcome if outcome in OUTCOMES else None)


@bp.post("/activities/<uuid:activity_id>/reopen")
@requires("activity:update")
def reopen(activity_id: UUID) -> ResponseReturnValue:
    """Take the tick back."""
    return _set_done(activity_id, False, None)


def _set_done(activity_id: UUID, done: bool, outcome: str | None) -> ResponseReturnValue:
    member = current_member()
    activity = queries.get_activity(activity_id, member=member)
    actions.set_done(activity, done, actor=member, outcome=outcome)
    words = _("Done.") if done else _("Not done yet, then.")
    undo = url_for("activities.reopen" if done else "activities.finish", activity_id=activity_id)
    if wants_part(f"task-{activity_id}"):
        row = render_template("today/_task.html", task=task_of(queries.entry(activity_id, member=member), member))
        return with_toast(row, words, undo=undo)
    return saved(_back(activity), words, undo=undo, whole=False)


@bp.post("/activities/<uuid:activity_id>/recycle")
@requires("activity:delete")
def recycle(activity_id: UUID) -> ResponseReturnValue:
    """Put an activity into the recycle bin."""
    activity = queries.get_activity(activity_id, member=current_member())
    back = _back(activity)
    actions.recycle(activity, actor=current_member())
    undo = url_for("recycle_bin.restore", kind="activity", record_id=activity_id)
    return saved(back, _("Moved to the recycle bin."), undo=undo, whole=False)


def _back(activity: Activity) -> str:
    """Return where to go on: where the reader came from, but not to the activity's own page."""
    own = url_for("activities.show", activity_id=activity.id)
    before = came_from("")
    if before and not before.startswith(own):
        return before
    return about_activity(activity, current_member()).page or url_for("today.index")
