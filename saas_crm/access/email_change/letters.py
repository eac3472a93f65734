"""What the former and the new address are told, in the person's language."""

from __future__ import annotations

from sqlalchemy import Connection

from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import in_language
from saas_crm.core.mail import Letter, send
from tenants.db import AnyRow
from tenants.runtime import runtime_settings


def mail_confirmation(connection: Connection, user: AnyRow, new_email: str, token: str) -> None:
    """Ask the new address to confirm that it is the person's."""
    with in_language(user.locale):
        send(connection, Letter(
            to=new_email,
            subject=_("Confirm your new e-mail address"),
            paragraphs=[
                _("Hello %(name)s,", name=user.name),
                _("you want to sign in with this address from now on. Please confirm it, in a browser in which you "
                  "are signed in. Until then nothing changes."),
            ],
            button=(_("Confirm address"), f"{runtime_settings().base_url}/profile/email/confirmation/{token}"),
            footer=_("The link works for one day. If you did not ask for this, ignore this mail: nothing changes."),
        ))  # fmt: skip


def mail_taken(connection: Connection, user: AnyRow, new_email: str) -> None:
    """Tell an address that has a sign-in that somebody wanted it for theirs; who it was is not told."""
    with in_language(user.locale):
        send(connection, Letter(
            to=new_email,
            subject=_("This address has a sign-in already"),
            paragraphs=[
                _("Hello,"),
                _("somebody, perhaps you, wants to use this address for another sign-in. It has a sign-in already, so "
                  "nothing was changed."),
            ],
            button=(_("Sign in"), f"{runtime_settings().base_url}/signin"),
            footer=_("If it was not you, there is nothing to do."),
        ))  # fmt: skip


def mail_asked(connection: Connection, user: AnyRow, old_email: str, new_email: str, token: str | None) -> None:
    """Tell the present address that it is to be another one, with the link that stops it if one is given."""
    _mail_former(connection, user, old_email, token, _asked_words(user.locale, new_email))


def mail_changed(connection: Connection, user: AnyRow, old_email: str, new_email: str, token: str | None) -> None:
    """Tell the former address that it opens nothing any more, with the link that takes it back if one is given."""
    _mail_former(connection, user, old_email, token, _changed_words(user.locale, new_email))


def mail_undone(connection: Connection, user: AnyRow, email: str, restored: str) -> None:
    """Tell the address that is taken off again that it opens nothing any more."""
    with in_language(user.locale):
        send(connection, Letter(
            to=email,
            subject=_("The change of your e-mail address was undone"),
            paragraphs=[
                _("Hello %(name)s,", name=user.name),
                _("by the link we mailed there, your sign-in has its former address %(email)s again. It has a new "
                  "password, and all browsers and programs were signed out.", email=restored),
            ],
            footer=_("If it was not you, tell an administrator of your workspace at once."),
        ))  # fmt: skip


def _asked_words(locale: str, new_email: str) -> tuple[str, str]:
    with in_language(locale):
        return (
            _("Your e-mail address is to be changed"),
            _("somebody, hopefully you, asked to sign in with %(email)s instead of this address. Nothing changes "
              "before that address is confirmed.", email=new_email),
        )  # fmt: skip


def _changed_words(locale: str, new_email: str) -> tuple[str, str]:
    with in_language(locale):
        return (
            _("Your e-mail address was changed"),
            _("from now on you sign in with %(email)s, and with this address no more. All other browsers and programs "
              "were signed out.", email=new_email),
        )  # fmt: skip


def _mail_former(
    connection: Connection, user: AnyRow, old_email: str, token: str | None, words: tuple[str, str]
) -> None:  # fmt: skip
    subject, text = words
    with in_language(user.locale):
        button, footer = (
            None,
            _("If it was you, there is nothing to do. If not, tell an administrator of your workspace."),
        )
        if token:
            button = (_("It was not me"), f"{runtime_settings().base_url}/profile/email/undo/{token}")
            footer = _("If it was you, there is nothing to do. If not, follow the link within 7 days: you get this "
                       "address back, set a new password, and everybody is signed out.")  # fmt: skip
        paragraphs = [_("Hello %(name)s,", name=user.name), text]
        send(connection, Letter(to=old_email, subject=subject, paragraphs=paragraphs, button=button, footer=footer))
