"""Asking a workspace to be let in, from its page: its owners get a mail, and nothing is open until they agree."""

from __future__ import annotations

from datetime import timedelta

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from saas_crm.core.clock import now
from saas_crm.core.errors import InvalidInput
from saas_crm.core.forms import from_form
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import ngettext
from saas_crm.edge.current import settings
from saas_crm.edge.declared import operators_only
from saas_crm.edge.input import input_context
from saas_crm.operators.acts import acts
from saas_crm.operators.consent_asking import ask_for_consent
from saas_crm.operators.registry import speaker
from saas_crm.operators.schemas import AskConsent
from tenants.address import address_of
from tenants.db import AnyRow
from tenants.versions import lacks_tables
from web.forms import saved, shown_again
from web.operators.blueprint import bp
from web.operators.gate import who
from web.operators.proof import proven
from web.operators.workspaces import known, workspace_page

AGAIN = timedelta(hours=1)
"""How long owners are left in peace after they were asked."""


@bp.post("/workspaces/<slug>/consent")
@operators_only
@proven
@shown_again(workspace_page)
def ask_consent(slug: str) -> ResponseReturnValue:
    """Mail a workspace's owners why somebody would like to look in; what they answer is theirs."""
    found, here = known(slug), url_for("operators.show", slug=slug)
    data = from_form(AskConsent, request.form, input_context(form=True))
    tenant = speaker(found)
    if not may_agree(found) or lacks_tables(tenant):
        raise InvalidInput({"why": _("Nobody in this workspace can agree now.")})
    if _asked_lately(found):
        flash(_("Its owners were asked less than an hour ago."), "error")
        return redirect(here, 303)
    url = f"{address_of(tenant, settings().base_url)}/settings/support"
    count = ask_for_consent(who(), tenant, data.why, database_url=settings().database_url, url=url)
    return saved(here, ngettext("%(num)s owner was asked by mail.", "%(num)s owners were asked by mail.", count))


def may_agree(found: AnyRow) -> bool:
    """Whether somebody in a workspace could let operators in: where nothing can be changed, not this either."""
    return bool(found.status == "active")


def _asked_lately(found: AnyRow) -> bool:
    rows = acts(tenant_id=found.id, act="consent_ask", limit=1)[:1]
    return bool(rows and now() - rows[0].at < AGAIN)
