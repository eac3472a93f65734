"""What a person is told by mail when the second step of their sign-in changes, in case it was not they."""

from __future__ import annotations

from sqlalchemy import Connection

from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import in_language
from saas_crm.core.mail import Letter, send
from tenants.db import AnyRow
from tenants.marks import N_
from tenants.runtime import runtime_settings

ON, OFF, USED, RENEWED, RESET, KEY, KEY_GONE = "on", "off", "used", "renewed", "reset", "key", "key_gone"
APP_GONE, UNPROVEN = "app_gone", "unproven"
_TOLD = {
    ON: (N_("Two-factor sign-in is on"),
         N_("from now on your sign-in asks for a code of your authenticator app after the password.")),
    OFF: (N_("Two-factor sign-in is off"), N_("your sign-in asks for the password alone again.")),
    USED: (N_("A recovery code was used"),
           N_("somebody, hopefully you, used one of your recovery codes instead of the app. It will not work again.")),
    RENEWED: (N_("You have new recovery codes"), N_("new recovery codes were made; the former ones no longer work.")),
    KEY: (N_("Your sign-in has a new passkey"),
          N_("a passkey was added to your sign-in. Whoever has the device it is on can sign in as you.")),
    APP_GONE: (N_("Your authenticator app was removed from your sign-in"),
               N_("codes of your authenticator app no longer sign you in. Your passkeys go on to be asked for.")),
    KEY_GONE: (N_("A passkey was removed from your sign-in"), N_("a passkey was taken off your sign-in.")),
    RESET: (N_("Your two-factor sign-in was reset"),
            N_("an administrator took your authenticator app, passkeys and recovery codes off your sign-in. You "
               "are signed out everywhere; sign in with your password and set two-factor sign-in up again.")),
    UNPROVEN: (N_("Your two-factor sign-in was reset"),
               N_("your address had never been confirmed until you set a new password by our mail, so somebody else "
                  "may have set up a second step in your name. Authenticator app, passkeys and recovery codes were "
                  "taken off; set two-factor sign-in up again.")),
}  # fmt: skip


def tell_person(connection: Connection, user: AnyRow, what: str) -> None:
    """Mail the person, in their language, that a factor was added or removed or a recovery code used."""
    subject, text = _TOLD[what]
    with in_language(user.locale):
        send(connection, Letter(
            to=user.email,
            subject=_(subject),
            paragraphs=[_("Hello %(name)s,", name=user.name), _(text)],
            button=(_("It was not me"), f"{runtime_settings().base_url}/forgot"),
            footer=_("If it was you, there is nothing to do. If not, set a new password at once and tell an "
                     "administrator of your workspace."),
        ))  # fmt: skip
