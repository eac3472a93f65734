"""What the log tells of members, teams, roles and the workspace itself."""

from __future__ import annotations

from typing import Any

from saas_crm.access.field_rules import KEYS
from saas_crm.access.founding import ROLE_NAMES
from saas_crm.access.permissions import PERMISSIONS
from saas_crm.access.role_words import meaning, permission_words, scope_word
from saas_crm.core.i18n import LANGUAGES, pgettext
from saas_crm.core.i18n import gettext as _
from web.formatting import dotted, month_name
from web.history.rooms import Room, Telling, as_day, as_moment, chosen, rooms, tells
from web.history.words import levels, verbs, ways
from web.numbers import number_label
from web.settings.field_words import field_words, rule_words
from web.settings.role_names import role_name


def _statuses() -> dict[str, str]:
    return {"active": _("Active"), "frozen": _("Locked out"), "removed": _("Removed")}


def _member_labels() -> dict[str, str]:
    return {
        "name": pgettext("person", "Name"), "email": _("E-mail"), "role_id": _("Role"), "team_id": _("Team"),
        "status": _("Status"), "locale": _("Language"), "timezone": _("Time zone"),
        "working_hours": _("Working hours"), "substitute_id": _("Substitute"),
        "two_factor": _("Two-factor sign-in"),
    }  # fmt: skip


def _logo(digest: Any, _telling: Telling) -> str:
    return _("a picture") if digest else ""


def _languages(codes: Any, _telling: Telling) -> str:
    return ", ".join(LANGUAGES.get(code, code) for code in codes)


def _numbering(rules: Any, _telling: Telling) -> str:
    told = ((number_label(kind), rule["pattern"] if rule["on"] else _("switched off")) for kind, rule in rules.items())
    return ", ".join(f"{label}: {pattern}" for label, pattern in told)


def _suspensions() -> dict[str, str]:
    return {"read_only": _("Can only be read"), "closed": pgettext("workspace", "Closed")}


def _causes() -> dict[str, str]:
    return {
        "operator": pgettext("suspension", "Operator"), "billing": pgettext("suspension", "Payment"),
        "restoring": pgettext("suspension", "Restoring of data"),
    }  # fmt: skip


def _role_names() -> dict[str, str]:
    """Return what the built-in roles are called, by the names they are stored under."""
    return {name: role_name(key, name) for key, name in ROLE_NAMES.items()}


def _allowed(permission: str, scope: Any) -> tuple[str, str]:
    """Return a permission and how far it reaches, or a field and its rule; of what is none now, what was stored."""
    if permission in KEYS:
        return field_words(permission), rule_words().get(scope or "", str(scope))
    if permission not in PERMISSIONS:
        return permission, str(scope or "")
    return permission_words(permission), scope_word(scope or "", permission)


def _all_allowed(permissions: Any, _telling: Telling) -> str:
    known = [meaning(name, scope) for name, scope in sorted(permissions.items()) if name in PERMISSIONS]
    others = [_allowed(name, scope) for name, scope in sorted(permissions.items()) if name not in PERMISSIONS]
    return dotted(*known, *(f"{name}: {scope}" for name, scope in others))


tells("member", Room(
    word=lambda: _("Member"), labels=_member_labels, page=("settings_members.show", "member_id"),
    writers={"status": chosen(_statuses), "locale": chosen(lambda: LANGUAGES)},
    refers={"role_id": "role", "team_id": "team", "substitute_id": "member"},
))  # fmt: skip
tells("role", Room(
    word=lambda: _("Role"), labels=lambda: {"name": _("Name"), "permissions": _("Permissions")},
    writers={"name": chosen(_role_names), "permissions": _all_allowed}, entry=_allowed,
))  # fmt: skip
tells("team", Room(
    word=lambda: _("Team"),
    labels=lambda: {
        "name": _("Name"), "parent_id": _("Part of"), "manager_id": _("Manager"), "closed_at": _("Closed unit since"),
    },
    writers={"closed_at": as_moment}, refers={"parent_id": "team", "manager_id": "member"},
))  # fmt: skip
tells("invitation", Room(
    word=lambda: _("Invitation"),
    labels=lambda: {
        "email": _("E-mail"), "role_id": _("Role"), "team_id": _("Team"), "expires_at": _("Good until"),
        "accepted_at": _("Accepted"), "withdrawn_at": _("Withdrawn"),
    },
    writers={"expires_at": as_moment, "accepted_at": as_moment, "withdrawn_at": as_moment},
    refers={"role_id": "role", "team_id": "team"},
))  # fmt: skip
tells("token", Room(
    word=lambda: _("API token"),
    labels=lambda: {
        "name": _("Name"), "member_id": _("Member"), "expires_at": _("Good until"), "revoked_at": _("Ended"),
        "role_id": _("Role"), "read_only": _("Reads only"),
    },
    writers={"expires_at": as_moment, "revoked_at": as_moment}, refers={"member_id": "member", "role_id": "role"},
))  # fmt: skip
for _kind in ("team_helper", "unit_guest"):
    tells(_kind, Room(
        word=(lambda: _("Team helper")) if _kind == "team_helper" else (lambda: _("Guest of a closed unit")),
        labels=lambda: {"team_id": _("Team"), "member_id": _("Member")},
        refers={"team_id": "team", "member_id": "member"},
    ))  # fmt: skip
tells("share", Room(
    word=lambda: _("Share"), labels=lambda: {"member_id": _("Member"), "level": _("What they may do")},
    writers={"level": chosen(levels)},
    refers={"member_id": "member"},
))  # fmt: skip
tells("policy", Room(
    word=lambda: _("Policy"),
    labels=lambda: {
        "audit_days": _("Days the log is kept"), "children_follow": _("Contacts, deals and activities follow"),
        "two_factor_from": _("Two-factor sign-in needed from"),
        "two_factor_roles": _("Roles that need two-factor sign-in"),
        "session_hours": _("Hours until one signs in again"), "idle_minutes": _("Minutes without use"),
        "email_domains": _("Domains that can be invited"), "networks": _("Allowed networks"),
        "accent": _("Accent colour"), "logo_digest": _("Logo"),
        "fiscal_month": _("Financial year begins in"), "languages": _("Languages offered"), "numbering": _("Numbering"),
    },
    writers={
        "two_factor_from": as_moment, "logo_digest": _logo, "languages": _languages, "numbering": _numbering,
        "fiscal_month": lambda value, _telling: month_name(value),
    }, refers={"two_factor_roles": "role"},
))  # fmt: skip
tells("hand_over", Room(
    word=lambda: _("Hand-over"),
    labels=lambda: {"from_id": _("From"), "made_by_id": _("Made by"), "note": _("Note"), "undone_at": _("Undone")},
    writers={"undone_at": as_moment}, refers={"from_id": "member", "made_by_id": "member"},
))  # fmt: skip
tells("workspace", Room(
    word=lambda: _("Workspace"),
    labels=lambda: {
        "name": _("Name"), "locale": _("Language"), "country": _("Country"), "currency": _("Currency"),
        "timezone": _("Time zone"), "cause": pgettext("suspension", "Cause"),
        "kind": pgettext("suspension", "How"), "reason": _("Why"),
        "until": _("Until when"), "slug": _("Web address"), "due_at": _("To be deleted on"),
        "ask": _("Whom to ask"), "former": _("Former data"),
    },
    writers={
        "cause": chosen(_causes),
        "locale": chosen(lambda: LANGUAGES), "kind": chosen(_suspensions), "until": as_moment, "due_at": as_moment,
    },
))  # fmt: skip
tells("processing_activity", Room(
    word=lambda: _("Entry of the register"),
    labels=lambda: {
        "name": _("What is done"), "purpose": _("What for"), "people": _("Whose data"), "data": _("Which data"),
        "recipients": _("Who gets them"), "retention": _("How long they are kept"), "legal_basis": _("On what ground"),
    },
))  # fmt: skip
tells("privacy_settings", Room(
    word=lambda: _("Privacy"),
    labels=lambda: {
        "keep_years": _("Keep customers with a won deal"), "responsible": _("Whom people can turn to"),
    },
))  # fmt: skip
tells("privacy_hold", Room(
    word=lambda: _("Duty to keep"), labels=lambda: {"reason": _("Why it must be kept"), "until": _("Until when")},
    writers={"until": as_day},
))  # fmt: skip
tells("identity_provider", Room(
    word=lambda: _("Single sign-on"),
    labels=lambda: {
        "issuer": _("Address of the service (issuer)"), "client_id": _("Client ID"), "enabled": _("On"),
        "mandatory": _("Nobody but owners signs in otherwise"), "domains": _("Who joins without an invitation"),
        "role_id": _("Their role"),
    },
    refers={"role_id": "role"},
))  # fmt: skip
tells("sso_identity", Room(
    word=lambda: _("Single sign-on"), labels=lambda: {"member_id": _("Member")}, refers={"member_id": "member"},
))  # fmt: skip
tells("session", Room(word=lambda: _("Sign-in")))
tells("audit", Room(
    word=lambda: _("Audit log"),
    labels=lambda: {
        "action": _("What"), "resource": _("Kind of record"), "record_id": _("Record"),
        "through": pgettext("audit", "Through"),
    },
    writers={
        "action": chosen(verbs), "resource": chosen(lambda: {kind: room.word() for kind, room in rooms.items()}),
        "through": chosen(ways), "since": as_moment, "before": as_moment,
    },
    refers={"member_id": "member"},
))  # fmt: skip
