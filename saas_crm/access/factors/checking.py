"""The second step itself: a code is taken once, and guesses wait as those at passwords do."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import Connection, select, update

from saas_crm.access.factors.mails import USED, tell_person
from saas_crm.access.factors.models import AuthenticatorApp, RecoveryCode
from saas_crm.access.factors.rules import looks_like_app_code, matching_step, plain_recovery_code
from saas_crm.access.factors.sealing import digests, unseal
from saas_crm.access.profile import profile_changed
from saas_crm.access.queries import user_by_id
from saas_crm.access.rules import PER_ACCOUNT, PER_ADDRESS
from saas_crm.access.sign_in import SignInRefused
from saas_crm.access.sign_in_log import tell_workspaces
from saas_crm.access.throttle import count, forgive, network_of, take_back, throttle_key
from saas_crm.core.clock import now
from tenants.db import SHARED, db


class CodeRefused(SignInRefused):
    """The code is wrong, or was used before."""


class SecondStepNeeded(SignInRefused):
    """The password was right, and a code is needed besides."""


def check_code(user_id: UUID, typed: str, address: str, *, origin: Mapping[str, str]) -> None:
    """Take a code of the person's app, or a recovery code, which is used up by it.

    Raises CodeRefused, which the logs of their workspaces are told, and TooManyAttempts.
    """
    account, caller = throttle_key("code", str(user_id)), throttle_key("code-from", network_of(address))
    until = count({account: PER_ACCOUNT, caller: PER_ADDRESS})
    with db.engines[SHARED].begin() as connection:
        taken = _take(connection, user_id, typed, origin)
        if taken:
            profile_changed(connection, user_id)  # for workspaces that had no column for it when it was turned on
        else:
            tell_workspaces(connection, "code_refused", {"how": "code", **origin}, user_id=user_id)
    if not taken:
        raise CodeRefused
    forgive(account)
    take_back(caller, until[caller])


def _take(connection: Connection, user_id: UUID, typed: str, origin: Mapping[str, str]) -> bool:
    if looks_like_app_code(typed):
        return take_app_code(connection, user_id, typed)
    if not take_recovery_code(connection, user_id, typed):
        return False
    tell_workspaces(connection, "recovery_code_used", origin, user_id=user_id)
    if user := user_by_id(user_id, connection):
        tell_person(connection, user, USED)
    return True


def take_app_code(connection: Connection, user_id: UUID, typed: str, *, confirming: bool = False) -> bool:
    """Use a code of the app up; False if it is wrong or used. `confirming` is for an app that is being set up.

    The row is held, so of the same code twice at one moment one is taken.
    """
    is_on = AuthenticatorApp.confirmed_at.is_not(None)
    held = select(AuthenticatorApp.secret, AuthenticatorApp.last_step).where(
        AuthenticatorApp.user_id == user_id, ~is_on if confirming else is_on
    )
    row = connection.execute(held.with_for_update()).one_or_none()
    step = matching_step(unseal(row.secret), typed, now(), after=row.last_step) if row else None
    if step is None:
        return False
    values = {"last_step": step} | ({"confirmed_at": now()} if confirming else {})
    connection.execute(update(AuthenticatorApp).where(AuthenticatorApp.user_id == user_id).values(**values))
    return True


def take_recovery_code(connection: Connection, user_id: UUID, typed: str) -> bool:
    """Use a recovery code up; False if it is none of the person's, or used. Twice at one moment: one is taken."""
    used = (
        update(RecoveryCode)
        .where(
            RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None),
            RecoveryCode.code_digest.in_(digests(plain_recovery_code(typed))),
        )
        .values(used_at=now())
    )  # fmt: skip
    return bool(connection.execute(used).rowcount)
