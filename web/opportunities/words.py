"""Why deals end, in the reader's words."""

from __future__ import annotations

from saas_crm.core.i18n import gettext as _
from saas_crm.opportunities.rules import CLOSE_REASONS


def reason_label(code: str) -> str:
    """Return the word for a reason, "" for none."""
    words = {
        "price": _("Price"), "product": _("Product"), "service": _("Service"), "relationship": _("Relationship"),
        "competitor": _("Competitor"), "no_budget": _("No budget"), "no_decision": _("No decision"),
        "timing": _("Timing"), "other": _("Other"),
    }  # fmt: skip
    return words.get(code, "")


def reasons(outcome: str) -> list[tuple[str, str]]:
    """Return the reasons for which a deal is won or lost."""
    return [(code, reason_label(code)) for code in CLOSE_REASONS[outcome]]
