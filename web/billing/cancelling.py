"""Leaving: on with the free plan, or the workspace is closed; why, from when, and the way back by one click."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from billing import cancelling
from billing.errors import NothingToDo, StripeUnreachable
from billing.plans import FREE, catalogue
from saas_crm.core.errors import InvalidInput
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.current import current_member, directory, settings
from saas_crm.edge.declared import requires, while_read_only
from saas_crm.edge.proof import proven
from web.billing.account import told_where, what_failed
from web.billing.bp import bp
from web.billing.values import account_of, over_after, seatless_after
from web.billing.words import reasons
from web.forms import form_version, saved, shown_again

MOST_WORDS = 1_000


def cancel_page(
    values: Mapping[str, Any] | None = None, errors: Mapping[str, str] | None = None
) -> ResponseReturnValue:
    """Show what leaving means, for the way that is chosen.

    Raises NothingToDo where it is shown again and everything ends already, or has ended.
    """
    account = account_of(g.tenant)
    if not account.pays or account.ending:
        if values is not None:
            raise NothingToDo("it ends already")
        return redirect(url_for("billing.index"), 303)
    closing = request.args.get("to") == "closed" or request.endpoint == "billing.close"
    free = catalogue().plan(FREE)
    return render_template(
        "billing/cancel.html", account=account, closing=closing, reasons=reasons(), values=values or {},
        errors=errors or {}, free=free, over=over_after(free), seatless=seatless_after(free),
        lost=sorted(account.plan.features - free.features) if account.plan else [],
    )  # fmt: skip


@bp.get("/settings/billing/cancellation")
@requires("billing:update")
def show_cancellation() -> ResponseReturnValue:
    """Show what leaving means."""
    return cancel_page()


@bp.post("/settings/billing/cancellation")
@requires("billing:update")
@while_read_only
@told_where("billing.index")
@shown_again(cancel_page)
def cancel() -> ResponseReturnValue:
    """Pay no more from the period's end, and go on with the free plan."""
    return _cancel("free", _("Cancelled. Until the period ends nothing changes, and one click takes it back."))


@bp.post("/settings/billing/closing")
@requires("billing:update")
@while_read_only
@proven
@told_where("billing.index")
@shown_again(cancel_page)
def close() -> ResponseReturnValue:
    """Pay no more from the period's end, and close the workspace then."""
    return _cancel("closed", _("Cancelled. The workspace is closed when the period ends; one click takes it back."))


def _cancel(to: Literal["free", "closed"], told: str) -> ResponseReturnValue:
    reason, words = request.form.get("reason", ""), request.form.get("words", "").strip()
    if reason not in dict(reasons()):
        raise InvalidInput({"reason": _("Choose what fits best.")})
    if len(words) > MOST_WORDS:
        raise InvalidInput({"words": _("At most %(most)s characters.", most=MOST_WORDS)})
    try:
        cancelling.cancel(
            settings(), g.tenant, to=to, reason=reason, words=words, actor=current_member(), version=form_version()
        )
    except StripeUnreachable as failed:  # what was written is kept
        raise InvalidInput({"": what_failed(failed)}) from None
    directory().forget()
    return saved(url_for("billing.index"), told)


@bp.post("/settings/billing/withdrawal")
@requires("billing:update")
@while_read_only
@told_where("billing.index")
def take_back() -> ResponseReturnValue:
    """Stay after all."""
    cancelling.take_back(settings(), g.tenant, actor=current_member(), version=form_version())
    directory().forget()
    return saved(url_for("billing.index"), _("Good to have you. The plan goes on as before."))
