"""A change that waits because the bank asks whoever pays: seen, confirmed at Stripe's page, or taken back."""

from __future__ import annotations

from flask import Response, g, make_response, render_template, url_for
from flask.typing import ResponseReturnValue

from billing import changing
from billing.errors import BillingError
from billing.subscriptions import held
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.current import current_member, directory, settings
from saas_crm.edge.declared import requires, while_read_only
from web.billing.account import told_where, what_failed
from web.billing.bp import bp
from web.billing.values import may_change
from web.forms import saved, wants_part


@bp.get("/settings/billing/confirmation")
@requires("billing:read")
def show_confirmation() -> ResponseReturnValue:
    """Show the change that waits for an answer to the bank, if one does; Stripe is asked.

    Who has just answered sees what they have now: the page around this part is loaded anew.
    """
    part = wants_part("waiting")
    before, failed, waiting = _plan(), "", None
    try:
        waiting = changing.waiting(settings(), g.tenant)
    except BillingError as error:
        failed = what_failed(error)
    template = "billing/_waiting.html" if part else "billing/waiting.html"
    answer = make_response(render_template(template, waiting=waiting, failed="" if part else failed,
                                           may_change=may_change()))  # fmt: skip
    return _loaded_anew(answer) if part and _plan() != before else answer


def _plan() -> tuple[str, str]:
    found = held(g.tenant.id)
    return (found.plan, found.interval) if found else ("", "")


def _loaded_anew(answer: Response) -> Response:
    directory().forget()
    answer.headers["HX-Refresh"] = "true"
    return answer


@bp.post("/settings/billing/confirmation/withdrawal")
@requires("billing:update")
@while_read_only
@told_where("billing.index")
def take_back_change() -> ResponseReturnValue:
    """Take the change back; what it would have cost is not charged."""
    changing.take_back(settings(), g.tenant, actor=current_member())
    return saved(url_for("billing.index"), _("Taken back. Your plan stays as it is, and nothing is charged."))
