"""Events of Stripe's: found, and worked on again; and the comparison with Stripe, asked for now."""

from __future__ import annotations

from datetime import datetime

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from billing.events import MOST_ATTEMPTS, listed, replay
from billing.reconciling import ask_for_it
from saas_crm.core.errors import NotFound
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.declared import operators_only
from saas_crm.operators.acts import record_alone
from tenants.runtime import runtime_settings
from web.forms import saved
from web.lists import address, asked, asked_choice
from web.operators import words
from web.operators.blueprint import bp
from web.operators.frame import frame
from web.operators.gate import who

LONGEST_ID = 100
PAGE = 50


@bp.get("/billing/events")
@operators_only
def list_events() -> str:
    """List what Stripe told, newest first: of a workspace, by an event's id, or only what failed or waits."""
    _check_sold()
    failed, wanted = asked_choice("show", ("failed",)) == "failed", asked("q")
    rows = listed(failed=failed, limit=PAGE + 1, asked=wanted, before=_before())
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    return render_template(
        "operators/events.html", rows=rows[:PAGE], failed=failed, q=wanted, words=words, most=MOST_ATTEMPTS,
        next_url=address(before=f"{last.received_at.isoformat()} {last.id}") if last else "", **frame("billing"),
    )  # fmt: skip


def _before() -> tuple[datetime, str] | None:
    """Return after which event the asked page begins; what is no such key begins at the start."""
    moment, _space, event_id = asked("before").partition(" ")
    try:
        found = datetime.fromisoformat(moment)
    except ValueError:
        return None
    return (found, event_id) if found.tzinfo is not None else None


@bp.post("/billing/events")
@operators_only
def replay_event() -> ResponseReturnValue:
    """Let an event be worked on again: what it is about is looked up at Stripe anew."""
    _check_sold()
    event_id, here = (
        request.form.get("event", "")[:LONGEST_ID].replace("\x00", ""),
        url_for("operators.list_events" if request.form.get("at") == "events" else "operators.show_billing"),
    )
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
