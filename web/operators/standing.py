"""Suspending a workspace and opening it again: at once, as the command does, by the application's own login."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from saas_crm.core.forms import from_form
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.current import settings
from saas_crm.edge.declared import operators_only
from saas_crm.edge.input import input_context
from saas_crm.operators.acts import record_alone
from saas_crm.operators.schemas import Suspend
from saas_crm.workspaces.standing import NotSuspendable, lift, suspend
from tenants.standing import OPERATOR, Suspension
from web.forms import saved, shown_again
from web.operators.blueprint import bp
from web.operators.gate import who
from web.operators.proof import proven
from web.operators.workspaces import known, place_of, workspace_page


@bp.post("/workspaces/<slug>/suspension")
@operators_only
@proven
@shown_again(workspace_page)
def suspend_workspace(slug: str) -> ResponseReturnValue:
    """Make a workspace read-only or close it, from its people's next request on."""
    found = known(slug)
    data = from_form(Suspend, request.form, input_context(form=True))
    why = Suspension(OPERATOR, data.kind, data.reason, data.ask, data.until)
    try:
        done = suspend(settings().database_url, slug, why, through="command", operator=who().name)
    except NotSuspendable:
        return _refused(slug)
    if done.changed:
        record_alone(who(), "suspend", place_of(found), kind=data.kind, reason=data.reason,
                     until=data.until and data.until.isoformat())  # fmt: skip
    return saved(url_for("operators.show", slug=slug), _("%(name)s is suspended.", name=found.name))


@bp.post("/workspaces/<slug>/resumption")
@operators_only
@proven
def resume_workspace(slug: str) -> ResponseReturnValue:
    """Take the operators' own cause away; what else keeps the workspace closed stays."""
    found = known(slug)
    try:
        done = lift(settings().database_url, slug, OPERATOR, through="command", operator=who().name)
    except NotSuspendable:
        return _refused(slug)
    if done.changed:
        record_alone(who(), "resume", place_of(found))
    return saved(url_for("operators.show", slug=slug), _("%(name)s is open again.", name=found.name)
                 if done.after == "active" else _("This cause is taken away; others remain."))  # fmt: skip


def _refused(slug: str) -> ResponseReturnValue:
    flash(_("This is the former data of a workspace that was restored. It stays closed."), "error")
    return redirect(url_for("operators.show", slug=slug), 303)
