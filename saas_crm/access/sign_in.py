"""Signing in: the same answer and the same work whether an address exists or not."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import update

from saas_crm.access.passwords import hash_password, needs_rehash, password_matches
from saas_crm.access.queries import user_by_email
from saas_crm.access.rules import PER_ACCOUNT, PER_ADDRESS
from saas_crm.access.shared_models import User
from saas_crm.access.sign_in_log import tell_workspaces
from saas_crm.access.throttle import count, forgive, network_of, take_back, throttle_key
from saas_crm.core.errors import BusinessError
from tenants.db import SHARED, db


class SignInRefused(BusinessError):
    """E-mail and password do not fit; which of the two is not told."""


def authenticate(email: str, password: str, address: str, *, origin: Mapping[str, str] | None = None) -> UUID:
    """Return the id of the user with this e-mail (normalised) and password.

    Raises SignInRefused, or TooManyAttempts when the account or the caller's address must wait. With an `origin` a
    refusal is told to the logs of the person's workspaces: by a job, also for an address that nobody has.
    """
    account, caller = throttle_key("account", email), throttle_key("address", network_of(address))
    until = count({account: PER_ACCOUNT, caller: PER_ADDRESS})
    user = user_by_email(email)
    if not password_matches(user.password_hash if user else None, password) or user is None:
        if origin is not None:
            with db.engines[SHARED].begin() as connection:
                tell_workspaces(connection, "sign_in_failed", {"how": "password", **origin}, email=email)
        raise SignInRefused
    forgive(account)
    take_back(caller, until[caller])
    if needs_rehash(user.password_hash):
        hash_anew(user.id, password, former=user.password_hash)
    user_id: UUID = user.id
    return user_id


def hash_anew(user_id: UUID, password: str, *, former: str) -> None:
    """Store the same password again, hashed as is done today, unless another one was set meanwhile."""
    hashed = hash_password(password)
    with db.engines[SHARED].begin() as connection:
        mine = update(User).where(User.id == user_id, User.password_hash == former)
        connection.execute(mine.values(password_hash=hashed))
