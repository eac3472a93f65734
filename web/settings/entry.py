"""What the workspace asks of sign-ins: how long they are good, from which networks, and who can be invited."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask import g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from saas_crm.access.entry import decide_entry, entry_policy
from saas_crm.access.entry_rules import IDLE_MINUTES, SESSION_HOURS
from saas_crm.access.entry_schemas import EntryWrite
from saas_crm.core.forms import parse
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import ngettext
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires
from saas_crm.edge.entry import note_use
from saas_crm.edge.proof import proven
from web.forms import form_version, saved, shown_again
from web.settings.security import bp

_BETWEEN = re.compile(r"[\s,;，；、]+")


def entry_page(values: Mapping[str, Any] | None = None, errors: Mapping[str, str] | None = None) -> str:
    """Show the decisions, with what was typed if that was refused."""
    found = entry_policy()
    stored = {
        "session_hours": str(found.session_hours or ""), "idle_minutes": str(found.idle_minutes or ""),
        "email_domains": "\n".join(found.email_domains), "networks": "\n".join(found.networks),
    }  # fmt: skip
    return render_template(
        "settings/entry.html", values={**stored, **(values or {})}, errors=errors or {},
        version=(values or {}).get("version") or found.version,
        hours=[(str(number), _hours(number)) for number in SESSION_HOURS],
        idle=[(str(number), _minutes(number)) for number in IDLE_MINUTES], address=request.remote_addr or "",
    )  # fmt: skip


def _hours(number: int) -> str:
    if number > 24 and number % 24 == 0:
        return ngettext("%(num)s day", "%(num)s days", number // 24)
    return ngettext("%(num)s hour", "%(num)s hours", number)


def _minutes(number: int) -> str:
    if number % 60 == 0:
        return _hours(number // 60)
    return ngettext("%(num)s minute", "%(num)s minutes", number)


@bp.get("/settings/security/entry")
@requires("workspace:update")
def edit_entry() -> str:
    """Show what is decided about sessions, networks and invitations."""
    return entry_page()


@bp.post("/settings/security/entry")
@requires("workspace:update")
@proven
@shown_again(entry_page)
def update_entry() -> ResponseReturnValue:
    """Decide it; whoever does has been here just now."""
    sent = request.form
    data = parse(EntryWrite, {
        "session_hours": sent.get("session_hours", ""), "idle_minutes": sent.get("idle_minutes", ""),
        "email_domains": lines_of(sent.get("email_domains", "")), "networks": lines_of(sent.get("networks", "")),
    })  # fmt: skip
    decide_entry(data, actor=current_member(), address=request.remote_addr or "", version=form_version())
    note_use(g.tenant.id)
    return saved(url_for("settings_security.edit_entry"), _("Saved."))


def lines_of(text: str) -> list[str]:
    """Return the entries of a field with many: parted by blanks, commas or lines, each once."""
    return list(dict.fromkeys(part for part in _BETWEEN.split(text) if part))
