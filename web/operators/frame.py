"""What every page of the console needs besides its own values."""

from __future__ import annotations

from typing import Any

from flask import url_for

from saas_crm.core.i18n import gettext as _
from tenants.runtime import runtime_settings
from web.operators.gate import current_operator


def frame(active: str) -> dict[str, Any]:
    """Return who is signed in, and the parts of the console."""
    entries = (
        ("workspaces", _("Workspaces"), "building-2", "operators.index"),
        ("capacity", _("Capacity"), "gauge", "operators.capacity"),
        *([("billing", _("Billing"), "wallet", "operators.show_billing")] if runtime_settings().bills else []),
        ("acts", _("Log"), "history", "operators.list_acts"),
    )
    return {
        "operator": current_operator(),
        "parts": [
            {"label": label, "icon": icon, "href": url_for(endpoint), "current": key == active}
            for key, label, icon, endpoint in entries
        ],
    }
