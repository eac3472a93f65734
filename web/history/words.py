"""Acts and ways in the reader's words."""

from __future__ import annotations

from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import pgettext


def verbs() -> dict[str, str]:
    """Return the words for acts, the frequent ones first."""
    return {
        "create": pgettext("act", "Added"), "update": pgettext("act", "Changed"),
        "recycle": _("Moved to the recycle bin"), "restore": pgettext("act", "Restored"),
        "purge": _("Removed for good"), "export": pgettext("act", "Exported"), "sign_in": _("Signed in"),
        "sign_in_failed": _("Sign-in failed"), "sign_out": _("Signed out"), "first_use": _("Used for the first time"),
        "sign_out_everywhere": _("Signed out everywhere else"),
        "signed_out": _("Signed out everywhere by an administrator"), "code_refused": _("Sign-in code refused"),
        "password_change": _("Password changed"), "password_reset": _("Password set anew by a mailed link"),
        "email_change_asked": _("Other e-mail address asked for"), "email_change": _("E-mail address changed"),
        "email_change_undone": _("Change of the e-mail address undone"),
        "two_factor_on": _("Two-factor sign-in turned on"), "two_factor_off": _("Two-factor sign-in turned off"),
        "two_factor_reset": _("Two-factor sign-in reset"), "passkey_added": _("Passkey added"),
        "passkey_removed": _("Passkey removed"), "passkey_refused": _("Passkey refused"),
        "recovery_code_used": _("Recovery code used"), "app_removed": _("Authenticator app removed"),
        "recovery_codes_made": _("New recovery codes made"),
        "sign-up": _("Workspace founded"), "forget": _("Old entries removed"),
        "consent": _("Consent written down"), "erase": _("Person erased"), "hold": _("Duty to keep set"),
        "lift_hold": _("Duty to keep lifted"), "open_register": _("Register opened by a link"),
        "close_register": _("Link to the register closed"),
        "share": pgettext("act", "Shared"), "unshare": pgettext("act", "Sharing ended"),
        "view_as": _("Looked at the workspace as this member"), "view_as_end": _("Stopped looking as this member"),
        "support_allow": _("Let support look in"), "support_withdraw": _("Let support look in no more"),
        "support_ask": _("Support asked to look in"),
        "support_begin": _("Support began to look in as this member"),
        "support_end": _("Support stopped looking in"), "support_refused": _("Refused to support"),
        "undo": _("Taken back"), "suspend": pgettext("act", "Suspended"), "resume": pgettext("act", "Opened again"),
        "ask_deletion": _("Deletion asked for"), "keep": _("Deletion taken back"),
        "load_demo": _("Demo data loaded"),
        "ask_archive": _("Archive asked for"), "take_archive": _("Archive downloaded"),
        "remove_archive": _("Archive removed"), "set_domain": _("Own domain entered"),
        "verify_domain": _("Own domain confirmed"), "lose_domain": _("Own domain's DNS record gone"),
        "regain_domain": _("Own domain's DNS record there again"), "end_domain": _("Own domain switched off"),
        "remove_domain": _("Own domain removed"), "choose_seats": _("Seats given out"),
        "seats": _("Seats became fewer or more"),
    }  # fmt: skip


def verb(action: str) -> str:
    """Return the word for an act; one that has none is called by its own name."""
    return verbs().get(action) or action.replace("_", " ").replace("-", " ").capitalize()


def ways() -> dict[str, str]:
    """Return the words for that through which people and programs act."""
    return {
        "web": pgettext("through", "Website"), "api": pgettext("through", "API"),
        "import": pgettext("through", "Import"), "job": pgettext("through", "Background job"),
        "command": pgettext("through", "Operator"), "invitation": pgettext("through", "Invitation"),
        "profile": pgettext("through", "Profile"), "password": pgettext("through", "Password change"),
        "sign-up": pgettext("through", "Sign-up"), "sso": pgettext("through", "Single sign-on"),
    }  # fmt: skip


def hows() -> dict[str, str]:
    """Return the words for that by which somebody signed in, or tried to."""
    return {
        "password": _("by password"), "code": _("by password and code"), "passkey": _("by passkey"),
        "sso": _("by single sign-on"), "api": _("by an app or program"), "link": _("by a link from a mail"),
    }  # fmt: skip


def browser_told(kept: str) -> str:
    """Return a browser as its reader says it; the logs keep "Firefox on Windows"."""
    browser, _on, system = kept.partition(" on ")
    return _("%(browser)s on %(system)s", browser=browser, system=system) if system else kept


def way(through: str) -> str:
    """Return the word for what an act came through."""
    return ways().get(through, through)


def labels_of_acts() -> dict[str, str]:
    """Return the labels of what acts note beside the fields of records."""
    return {
        "rows": _("Rows"), "format": _("Format"), "filter": _("Filter"), "deleted_by_id": "", "deleted_at": "",
        "account_team": _("Account team"), "why": pgettext("viewing", "Ended by"), "page": _("Page"),
    }  # fmt: skip


def levels() -> dict[str, str]:
    """Return the words for what a share lets somebody do."""
    return {"read": pgettext("share", "may see"), "edit": pgettext("share", "may edit")}


def ends_of_viewing() -> dict[str, str]:
    """Return the words for what ended looking as another member."""
    return {
        "left": pgettext("viewing", "leaving"), "time": pgettext("viewing", "time"),
        "rights": pgettext("viewing", "rights that changed"), "signed_out": pgettext("viewing", "signing out"),
        "consent": pgettext("viewing", "consent that was withdrawn"),
        "command": pgettext("viewing", "a command of the operator"),
    }  # fmt: skip


def labels_of_filters() -> dict[str, str]:
    """Return the labels of what lists are narrowed to beside the fields of records."""
    return {
        "q": _("Search"), "tag": _("Tag"), "member_id": _("Member"), "since": _("From"), "before": _("Until"),
        "closes_from": _("Expected close from"), "closes_before": _("Expected close before"),
    }  # fmt: skip
