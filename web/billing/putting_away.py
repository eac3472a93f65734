"""A limit that comes near, put away for the day: remembered in the reader's browser, for this workspace alone.

What is full cannot be put away, nor a limit that comes near later on the same day.
"""

from __future__ import annotations

from collections.abc import Collection

from flask import g, request, session, url_for
from flask.typing import ResponseReturnValue

from saas_crm.core.clock import today_in
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.declared import requires, while_read_only
from tenants.plan import LIMITS
from web.billing.bp import bp
from web.forms import saved

KEPT = "limits_near"
MOST_WORKSPACES = 5
"""Whose limits are remembered in a browser: the session's cookie must stay small."""


def put_away() -> Collection[str]:
    """Return which limits of the workspace at hand are put away today."""
    kept = session.get(KEPT)
    found = kept.get(str(g.tenant.id)) if isinstance(kept, dict) else None
    if not isinstance(found, dict) or found.get("day") != _today():
        return ()
    limits = found.get("limits")
    return limits if isinstance(limits, list) else ()


@bp.post("/settings/billing/near")
@requires("billing:update")
@while_read_only
def put_near_away() -> ResponseReturnValue:
    """Put a limit that comes near away for today, and go back to where it was told."""
    limit = request.form.get("limit", "")
    if limit in LIMITS:
        _keep(sorted({*put_away(), limit}))
    here = "settings_workspace.index" if request.form.get("at") == "settings" else "today.index"
    return saved(url_for(here), _("Put away for today. You are told again tomorrow, and when it is full."))


def _keep(limits: list[str]) -> None:
    kept = session.get(KEPT)
    today = _today()
    others = {
        key: value for key, value in (kept.items() if isinstance(kept, dict) else ())
        if key != str(g.tenant.id) and isinstance(value, dict) and value.get("day") == today
    }  # fmt: skip
    latest = dict(list(others.items())[-MOST_WORKSPACES + 1 :])
    session[KEPT] = {**latest, str(g.tenant.id): {"day": today, "limits": limits}}


def _today() -> str:
    return today_in(g.tenant.timezone).isoformat()
