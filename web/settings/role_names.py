"""What the built-in roles are called, and what they may do, in the reader's language."""

from __future__ import annotations

from saas_crm.access.founding import ROLE_NAMES
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import pgettext
from tenants.marks import N_

ABILITIES = {
    "owner": N_("Everything, and may hand the workspace to others."),
    "admin": N_("Everything but making owners."),
    "manager": N_("Sees and changes the customers and deals of their team and the teams below it."),
    "rep": N_("Sees the customers and deals of their team, changes their own."),
    "viewer": N_("Sees all customers and deals, changes nothing."),
}


def _names() -> dict[str, str]:
    return {
        "owner": pgettext("role", "Owner"), "admin": _("Admin"), "manager": _("Manager"), "rep": _("Sales rep"),
        "viewer": _("Viewer"),
    }  # fmt: skip


def role_name(key: str | None, name: str) -> str:
    """Return a role's name: the translated one of a built-in role, unless the workspace renamed it."""
    return _names()[key] if key in ABILITIES and name == ROLE_NAMES.get(key) else name


def role_ability(key: str | None) -> str:
    """Return one sentence on a built-in role, "" for others."""
    return _(ABILITIES[key]) if key in ABILITIES else ""


def role_abilities() -> list[tuple[str, str]]:
    """Return name and one sentence for each built-in role."""
    names = _names()
    return [(names[key], _(text)) for key, text in ABILITIES.items()]
