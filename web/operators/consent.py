"""Settings > Support access: a workspace lets operators look in, and takes that back."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from saas_crm.core.forms import from_form
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires
from saas_crm.edge.input import input_context
from saas_crm.edge.proof import proven
from saas_crm.operators import consents
from saas_crm.operators.schemas import Allow
from web.forms import form_id, saved, shown_again
from web.operators.looking_in import bp


def page(values: object = None, errors: object = None) -> str:
    """Show what is allowed now, the form, and what was allowed before."""
    rows = consents.history()
    return render_template(
        "operators/consent.html", found=consents.in_force(), rows=rows, values=values or {"hours": "8"},
        errors=errors or {},
    )  # fmt: skip


@bp.get("/settings/support")
@requires("workspace:update")
def show() -> str:
    """Show whether operators may look in."""
    return page()


@bp.post("/settings/support")
@requires("workspace:update")
@proven
@shown_again(page)
def allow() -> ResponseReturnValue:
    """Let operators look in for a while."""
    data = from_form(Allow, request.form, input_context(form=True))
    consents.allow(data, actor=current_member(), consent_id=form_id())
    return saved(url_for("support.show"), _("Support can look in now."))


@bp.post("/settings/support/withdrawal")
@requires("workspace:update")
def withdraw() -> ResponseReturnValue:
    """Take the permission back, from an operator's next request on. No password: this only closes."""
    ended = consents.withdraw(actor=current_member())
    return saved(url_for("support.show"), _("Nobody can look in any more.") if ended else _("Nobody could look in."))
