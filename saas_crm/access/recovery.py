"""Getting back in and staying safe: links on request, with limits, and changing the password."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import update

from saas_crm.access.mailed import (
    end_links,
    mail_password_changed,
    mail_verification,
    sign_out_everywhere,
    use_link,
)
from saas_crm.access.passwords import hash_password
from saas_crm.access.queries import user_by_id
from saas_crm.access.rules import LINKS_PER_ACCOUNT, LINKS_PER_ADDRESS
from saas_crm.access.sessions import SignedInUser
from saas_crm.access.shared_models import User
from saas_crm.access.sign_in import SignInRefused, authenticate
from saas_crm.access.sign_in_log import tell_workspaces
from saas_crm.access.throttle import count, network_of, throttle_key
from saas_crm.access.unconfirmed import drop_what_a_stranger_left
from saas_crm.core.clock import now
from saas_crm.core.errors import InvalidInput
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import in_language
from saas_crm.core.jobs import defer
from tenants.db import SHARED, db


def ask_for_reset(email: str, address: str) -> None:
    """Have a link for a new password mailed, if somebody has this e-mail address (normalised).

    The same work and the same limits for every address; the job looks whether there is a sign-in.
    Raises TooManyAttempts.
    """
    _limit(throttle_key("reset", email), throttle_key("reset-from", network_of(address)))
    with db.engines[SHARED].begin() as connection:
        defer(connection, "access.mail_reset", email=email)


def ask_for_verification(user: SignedInUser, base_url: str, address: str) -> None:
    """Mail the link that confirms the person's address once more; raises TooManyAttempts."""
    _limit(throttle_key("verify", str(user.id)), throttle_key("verify-from", network_of(address)))
    with db.engines[SHARED].begin() as connection, in_language(user.locale):
        mail_verification(connection, user.id, user.email, user.name, base_url)


def _limit(account: str, caller: str) -> None:
    count({account: LINKS_PER_ACCOUNT, caller: LINKS_PER_ADDRESS})


def change_password(
    user: SignedInUser, current: str, password: str, *, base_url: str, address: str,
    origin: Mapping[str, str] | None = None,
) -> None:  # fmt: skip
    """Give the signed-in person another password and sign their other browsers and devices out.

    The present one is asked for, and guesses at it count as on the sign-in page: a browser left open must
    not be enough. Raises InvalidInput and TooManyAttempts.
    """
    check_password(user, current, address)
    hashed = hash_password(password)
    with db.engines[SHARED].begin() as connection:
        connection.execute(update(User).where(User.id == user.id).values(password_hash=hashed))
        if origin is not None:
            tell_workspaces(connection, "password_change", origin, user_id=user.id)
        sign_out_everywhere(connection, user.id, keep=user.session_id, origin=origin)
    _tell(user.id, base_url)


def check_password(user: SignedInUser, typed: str, address: str, *, field: str = "current") -> None:
    """Raise InvalidInput beside `field` unless this is the person's password; guesses wait, as on the sign-in page."""
    try:
        authenticate(user.email, typed, address)
    except SignInRefused:
        raise InvalidInput({field: _("This is not your present password.")}) from None


def set_new_password(
    token: str, password: str, *, base_url: str, origin: Mapping[str, str] | None = None
) -> UUID | None:
    """Set a password by a mailed link and sign the person out everywhere; None if the link is not good."""
    user_id = reset_password(token, password, origin=origin)
    if user_id is not None:
        _tell(user_id, base_url)
    return user_id


def reset_password(token: str, password: str, *, origin: Mapping[str, str] | None = None) -> UUID | None:
    """Set a new password by a mailed link; returns the user, or None if the link is not good.

    The address is proven by the link, so it counts as verified too; other links stop working, and all browsers
    and devices are signed out in the same transaction. A second step stays, unless nobody ever confirmed the address.
    """
    hashed = hash_password(password)
    with db.engines[SHARED].begin() as connection:
        user_id = use_link(connection, "reset", token)
        if user_id is None:
            return None
        drop_what_a_stranger_left(connection, user_id, origin)
        connection.execute(update(User).where(User.id == user_id).values(password_hash=hashed, email_verified_at=now()))
        end_links(connection, user_id)
        if origin is not None:
            tell_workspaces(connection, "password_reset", origin, user_id=user_id)
        sign_out_everywhere(connection, user_id, origin=origin)
    return user_id


def _tell(user_id: UUID, base_url: str) -> None:
    user = user_by_id(user_id)
    if user is None:
        return
    with db.engines[SHARED].begin() as connection, in_language(user.locale):
        mail_password_changed(connection, user.email, user.name, base_url)
