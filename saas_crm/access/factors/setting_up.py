"""Turning two-factor sign-in on and off, and making recovery codes.

Each takes the password, whatever session asks: a browser left open must not be enough.
"""

from __future__ import annotations

import secrets
from base64 import b32encode
from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from saas_crm.access.factors.asked import check_not_demanded
from saas_crm.access.factors.checking import CodeRefused, check_code, take_app_code
from saas_crm.access.factors.dropping import drop_factors
from saas_crm.access.factors.mails import APP_GONE, OFF, ON, RENEWED, tell_person
from saas_crm.access.factors.models import AuthenticatorApp, RecoveryCode
from saas_crm.access.factors.rules import LETTERS, RECOVERY_CODES, plain_recovery_code, spelt_recovery_code
from saas_crm.access.factors.sealing import digest, seal, unseal
from saas_crm.access.factors.standing import factors_of, held_factors
from saas_crm.access.profile import profile_changed
from saas_crm.access.recovery import check_password
from saas_crm.access.rules import PER_ACCOUNT
from saas_crm.access.sessions import SignedInUser
from saas_crm.access.sign_in_log import tell_workspaces
from saas_crm.access.throttle import count, forgive, throttle_key
from saas_crm.core.clock import now
from saas_crm.core.errors import InvalidInput
from saas_crm.core.i18n import gettext as _
from tenants.db import SHARED, db
from tenants.directory import shared_reader

TIME_TO_SET_UP = timedelta(minutes=30)
SECRET_BYTES = 20  # 160 bits, as RFC 4226 recommends


def begin_app(user: SignedInUser, password: str, *, address: str) -> None:
    """Make a secret for an app to learn; nothing is asked at the sign-in before a code of it has fitted.

    Raises InvalidInput for a wrong password and where an app is in use already; TooManyAttempts.
    """
    check_password(user, password, address)
    if factors_of(user.id).app_since is not None:
        raise InvalidInput({"": _("Two-factor sign-in is on already.")})
    values = {"secret": seal(_new_secret()), "created_at": now(), "last_step": 0}
    made = upsert(AuthenticatorApp).values(user_id=user.id, **values)
    unconfirmed = AuthenticatorApp.confirmed_at.is_(None)
    with db.engines[SHARED].begin() as connection:
        connection.execute(made.on_conflict_do_update(index_elements=["user_id"], set_=values, where=unconfirmed))


def _new_secret() -> str:
    return b32encode(secrets.token_bytes(SECRET_BYTES)).decode()


def secret_to_learn(user_id: UUID) -> str | None:
    """Return the secret of the app that is being set up; None if none is, or it was begun too long ago."""
    query = select(AuthenticatorApp.secret).where(
        AuthenticatorApp.user_id == user_id, AuthenticatorApp.confirmed_at.is_(None),
        AuthenticatorApp.created_at > now() - TIME_TO_SET_UP,
    )  # fmt: skip
    with shared_reader() as connection:
        sealed = connection.scalar(query)
    return unseal(sealed) if sealed else None


def confirm_app(user: SignedInUser, typed: str, *, origin: Mapping[str, str]) -> list[str]:
    """Turn two-factor sign-in on by a code of the new app; return the recovery codes, which are shown once.

    Those that are there already, because of a passkey, end. Raises InvalidInput for a wrong code, and TooManyAttempts.
    """
    account = throttle_key("code", str(user.id))
    count({account: PER_ACCOUNT})
    with db.engines[SHARED].begin() as connection:
        if not take_app_code(connection, user.id, typed, confirming=True):
            raise InvalidInput({"code": _("This code does not fit. Type the one the app shows now.")})
        codes = write_codes(connection, user.id)
        tell_workspaces(connection, "two_factor_on", origin, user_id=user.id)
        tell_person(connection, user, ON)
        profile_changed(connection, user.id)
    forgive(account)
    return codes


def renew_codes(
    user: SignedInUser, password: str, typed: str, *, address: str, origin: Mapping[str, str]
) -> list[str]:  # fmt: skip
    """Make ten new recovery codes and return them; the former ones no longer work.

    Raises InvalidInput for a wrong password or code, and TooManyAttempts.
    """
    _check_both(user, password, typed, address, origin)
    with db.engines[SHARED].begin() as connection:
        codes = write_codes(connection, user.id)
        tell_workspaces(connection, "recovery_codes_made", origin, user_id=user.id)
        tell_person(connection, user, RENEWED)
    return codes


def remove_app(user: SignedInUser, password: str, typed: str, *, address: str, origin: Mapping[str, str]) -> None:
    """Take the app off the sign-in; with no passkey left, recovery codes go too, and the password alone opens it again.

    Raises InvalidInput for a wrong password or code, and where a workspace asks for what would be the last second
    step; TooManyAttempts.
    """
    _check_both(user, password, typed, address, origin)
    if not _remove_app(user, may_be_last=False, origin=origin):
        check_not_demanded(user.id)  # in each workspace: no row is held meanwhile
        _remove_app(user, may_be_last=True, origin=origin)


def _remove_app(user: SignedInUser, *, may_be_last: bool, origin: Mapping[str, str]) -> bool:
    """Take the app off; returns False, and does nothing, where it is the last second step and may not be."""
    with db.engines[SHARED].begin() as connection:
        last = held_factors(connection, user.id).passkeys == 0
        if last and not may_be_last:
            return False
        if last:
            drop_factors(connection, user.id)
        else:
            connection.execute(delete(AuthenticatorApp).where(AuthenticatorApp.user_id == user.id))
        tell_workspaces(connection, "two_factor_off" if last else "app_removed", origin, user_id=user.id)
        tell_person(connection, user, OFF if last else APP_GONE)
        profile_changed(connection, user.id)
    return True


def _check_both(user: SignedInUser, password: str, typed: str, address: str, origin: Mapping[str, str]) -> None:
    if not factors_of(user.id).on:
        raise InvalidInput({"": _("Two-factor sign-in is off already.")})
    check_password(user, password, address)
    try:
        check_code(user.id, typed, address, origin=origin)
    except CodeRefused:
        raise InvalidInput({"code": _("This code does not fit, or was used before.")}) from None


def write_codes(connection: Connection, user_id: UUID) -> list[str]:
    """Make new recovery codes instead of those of before; return them as they are written on paper."""
    codes = [spelt_recovery_code(secrets.token_bytes(LETTERS)) for _number in range(RECOVERY_CODES)]
    connection.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    rows = [{"user_id": user_id, "code_digest": digest(plain_recovery_code(code))} for code in codes]
    connection.execute(insert(RecoveryCode), rows)
    return codes
