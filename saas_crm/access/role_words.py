"""Resources, actions and scopes in words that people understand, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping

from saas_crm.access.role_rules import REACHING
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import pgettext


def resource_words() -> dict[str, str]:
    """Return the name of each resource, in the order a page shows them."""
    return {
        "company": _("Companies"), "contact": _("Contacts"), "activity": _("Activities"), "opportunity": _("Deals"),
        "member": _("Members"), "role": _("Roles"), "team": _("Teams"), "pipeline": _("Sales stages"),
        "workspace": _("Workspace"), "hand_over": _("Hand-overs"), "audit": _("Audit log"), "privacy": _("Privacy"),
        "billing": _("Billing"), "token": _("API tokens"),
    }  # fmt: skip


def action_words() -> dict[str, str]:
    """Return the name of each action."""
    return {
        "read": pgettext("permission", "See"), "create": pgettext("permission", "Create"),
        "update": pgettext("permission", "Edit"), "delete": pgettext("permission", "Delete"),
        "export": pgettext("permission", "Export"), "assign": pgettext("permission", "Assign"),
        "share": pgettext("permission", "Share"), "view_as": pgettext("permission", "View as"),
    }  # fmt: skip


def _particular() -> Mapping[str, str]:
    """Where an action has a better name for a resource, in a list of what may be done."""
    return {
        "member:create": pgettext("permission", "Invite"), "member:delete": pgettext("permission", "Remove"),
        "token:delete": pgettext("permission", "End"), "privacy:delete": pgettext("permission", "Erase people"),
        "privacy:export": pgettext("permission", "Export all about a person"),
    }  # fmt: skip


def action_word(permission: str) -> str:
    """Return what a permission lets one do, in one word or two."""
    return _particular().get(permission) or action_words()[permission.partition(":")[2]]


def permission_words(permission: str) -> str:
    """Return a permission with its resource: "Companies: See"."""
    resource = resource_words()[permission.partition(":")[0]]
    return _("%(resource)s: %(action)s", resource=resource, action=action_word(permission))


def scope_words() -> dict[str, str]:
    """Return the name of each scope, none at all first."""
    return {
        "": pgettext("scope", "Nothing"), "own": pgettext("scope", "Own"), "team": pgettext("scope", "Own team"),
        "subtree": pgettext("scope", "Team and below"), "all": pgettext("scope", "Everything"),
    }  # fmt: skip


def scope_word(scope: str, permission: str) -> str:
    """Return how far a permission reaches; one that one has or has not is a yes or no."""
    if permission not in REACHING:
        return pgettext("scope", "Yes") if scope else pgettext("scope", "No")
    return scope_words()[scope]


def meaning(permission: str, scope: str) -> str:
    """Return a permission and its scope as one phrase: "Companies: See – Own team"."""
    words = permission_words(permission)
    if permission not in REACHING:
        return words
    return _("%(permission)s – %(scope)s", permission=words, scope=scope_words()[scope])
