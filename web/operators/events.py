"""Events of Stripe's that wait or failed, worked on again; and the comparison with Stripe, asked for now."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from billing.events import replay
from billing.reconciling import ask_for_it
from saas_crm.core.errors import NotFound
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.declared import operators_only
from saas_crm.operators.acts import record_alone
from tenants.runtime import runtime_settings
from web.forms import saved
from web.operators.blueprint import bp
from web.operators.gate import who

LONGEST_ID = 100


@bp.post("/billing/events")
@operators_only
def replay_event() -> ResponseReturnValue:
    """Let an event be worked on again: what it is about is looked up at Stripe anew."""
    _check_sold()
    event_id, here = request.form.get("event", "")[:LONGEST_ID].replace("\x00", ""), url_for("operators.show_billing")
    if not replay(event_id):
        flash(_("This event is not kept any more."), "error")
        return redirect(here, 303)
    record_alone(who(), "billing_replay", event=event_id)
    return saved(here, _("The event waits for the worker."))


@bp.post("/billing/comparison")
@operators_only
def compare() -> ResponseReturnValue:
    """Let the worker compare every subscription with Stripe now, as it does each night."""
    _check_sold()
    ask_for_it()
    record_alone(who(), "billing_reconcile")
    return saved(
        url_for("operators.show_billing"), _("The worker compares everything with Stripe. Look again in a minute.")
    )


def _check_sold() -> None:
    if not runtime_settings().bills:
        raise NotFound
