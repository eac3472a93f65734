"""A plan that is arranged by hand: paid by bank transfer until a day, and taken back."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from billing.errors import NothingToDo
from billing.manual import end_manual, put_manual
from billing.schemas import Arrangement
from saas_crm.core.errors import NotFound
from saas_crm.core.forms import from_form
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.current import settings
from saas_crm.edge.declared import operators_only
from saas_crm.edge.input import input_context
from saas_crm.operators.acts import record_alone
from tenants.db import AnyRow
from tenants.runtime import runtime_settings
from web.forms import saved, shown_again
from web.operators.blueprint import bp
from web.operators.gate import who
from web.operators.proof import proven
from web.operators.workspaces import known, place_of, workspace_page


@bp.post("/workspaces/<slug>/plan")
@operators_only
@proven
@shown_again(workspace_page)
def arrange_plan(slug: str) -> ResponseReturnValue:
    """Put a workspace on a plan that is paid by hand, or change what was arranged."""
    found = _sold_to(slug)
    data = from_form(Arrangement, request.form, input_context(form=True))
    try:
        put_manual(
            settings(), found.id, plan=data.plan, seats=data.seats, paid_until=data.ends_at, invoice=data.invoice,
            interval=data.interval, currency=data.currency, operator=who().name,
        )  # fmt: skip
    except NothingToDo:
        flash(_("A subscription at Stripe goes on. Its owners cancel it first."), "error")
        return redirect(url_for("operators.show", slug=slug), 303)
    record_alone(who(), "billing_manual", place_of(found), plan=data.plan, invoice=data.invoice, seats=data.seats,
                 until=data.paid_until.isoformat())  # fmt: skip
    return saved(url_for("operators.show", slug=slug), _("The plan of %(name)s is arranged.", name=found.name))


@bp.post("/workspaces/<slug>/plan/end")
@operators_only
@proven
def end_plan(slug: str) -> ResponseReturnValue:
    """Take back what was arranged by hand; the workspace goes on with the free plan."""
    found = _sold_to(slug)
    try:
        end_manual(settings(), found.id, operator=who().name)
    except NothingToDo:
        flash(_("No plan was arranged by hand."), "error")
        return redirect(url_for("operators.show", slug=slug), 303)
    record_alone(who(), "billing_manual_end", place_of(found))
    return saved(url_for("operators.show", slug=slug), _("%(name)s goes on with the free plan.", name=found.name))


def _sold_to(slug: str) -> AnyRow:
    """Return a workspace that can have a plan; raises NotFound where billing is off, or for former data."""
    found = known(slug)
    if not runtime_settings().bills or found.status == "closed":
        raise NotFound
    return found
