"""What a person has beside the password."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import psycopg
from sqlalchemy import Connection, bindparam, func, select
from sqlalchemy.exc import ProgrammingError

from saas_crm.access.factors.models import AuthenticatorApp, Passkey, RecoveryCode
from saas_crm.access.factors.rules import FEW_CODES
from saas_crm.access.shared_models import User
from tenants.directory import shared_reader


@dataclass(frozen=True, slots=True)
class Factors:
    """Since when codes of an app are asked for, None if they are not; recovery codes that are left; and passkeys."""

    app_since: datetime | None = None
    codes_left: int = 0
    passkeys: int = 0

    @property
    def on(self) -> bool:
        """Whether signing in by password takes a second step."""
        return self.app_since is not None or self.passkeys > 0

    @property
    def few(self) -> bool:
        """Whether it is time for new recovery codes."""
        return self.on and self.codes_left <= FEW_CODES


_LEFT = (
    select(func.count())
    .where(RecoveryCode.user_id == bindparam("user_id"), RecoveryCode.used_at.is_(None))
    .scalar_subquery()
)
_APP = (
    select(AuthenticatorApp.confirmed_at)
    .where(AuthenticatorApp.user_id == bindparam("user_id"), AuthenticatorApp.confirmed_at.is_not(None))
    .scalar_subquery()
)
_KEYS = select(func.count()).select_from(Passkey).where(Passkey.user_id == bindparam("user_id")).scalar_subquery()
_BEFORE_PASSKEYS = select(_APP, _LEFT)
_FACTORS = select(_APP, _LEFT, _KEYS)


def held_factors(connection: Connection, user_id: UUID) -> Factors:
    """Return what a person has, of whom no other transaction adds or removes any before this one ends."""
    connection.execute(select(User.id).where(User.id == user_id).with_for_update())
    return Factors(*connection.execute(_FACTORS, {"user_id": user_id}).one())


def factors_of(user_id: UUID) -> Factors:
    """Return what a person has; what has no table yet, where the shared ones are behind, nobody can have."""
    for query in (_FACTORS, _BEFORE_PASSKEYS):
        try:
            with shared_reader() as connection:
                return Factors(*connection.execute(query, {"user_id": user_id}).one())
        except ProgrammingError as failed:
            if not isinstance(failed.orig, psycopg.errors.UndefinedTable):
                raise
    return Factors()
