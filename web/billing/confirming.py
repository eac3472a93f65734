"""A change that waits because the bank asks whoever pays: seen, confirmed at Stripe's page, or taken back."""

from __future__ import annotations

from flask import g, render_template, url_for
from flask.typing import ResponseReturnValue

from billing import changing
from billing.errors import BillingError
from billing.subscriptions import held
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.current import current_member, directory, settings
from saas_crm.edge.declared import requires, while_read_only
from saas_crm.edge.viewing import viewing
from web.billing.account import told_where, what_failed
from web.billing.bp import bp
from web.billing.values import may_change
from web.forms import saved, wants_part


@bp.get("/settings/billing/confirmation")
@requires("billing:read")
def show_confirmation() -> ResponseReturnValue:
    """Show the change that waits for an answer to the bank, if one does; Stripe is asked.

    Who has just answered, before Stripe has told of it, is led to what they have now.
    """
    part = wants_part("waiting")
    before, failed, waiting = _plan(), "", None
    try:
        only_look = viewing() is not None or not may_change()
        waiting = changing.waiting(settings(), g.tenant, only_look=only_look)
    except BillingError as error:
        failed = what_failed(error)
    changed = _plan() != before
    if changed:
        directory().forget()
    return render_template(
        "billing/_waiting.html" if part else "billing/waiting.html", waiting=waiting, changed=changed,
        failed="" if part else failed, may_change=may_change(),
    )  # fmt: skip


def _plan() -> tuple[str, str]:
    found = held(g.tenant.id)
    return (found.plan, found.interval) if found else ("", "")


@bp.post("/settings/billing/confirmation/withdrawal")
@requires("billing:update")
@while_read_only
@told_where("billing.index")
def take_back_change() -> ResponseReturnValue:
    """Take the change back; what it would have cost is not charged."""
    changing.take_back(settings(), g.tenant, actor=current_member())
    return saved(url_for("billing.index"), _("Taken back. Your plan stays as it is, and nothing is charged."))
