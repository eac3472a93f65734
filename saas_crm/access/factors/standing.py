"""What a person has beside the password."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import psycopg
from sqlalchemy import bindparam, func, select
from sqlalchemy.exc import ProgrammingError

from saas_crm.access.factors.models import AuthenticatorApp, RecoveryCode
from saas_crm.access.factors.rules import FEW_CODES
from tenants.directory import shared_reader


@dataclass(frozen=True, slots=True)
class Factors:
    """Since when codes of an app are asked for, None if they are not; and how many recovery codes are left."""

    app_since: datetime | None = None
    codes_left: int = 0

    @property
    def on(self) -> bool:
        """Whether signing in takes a second step."""
        return self.app_since is not None

    @property
    def few(self) -> bool:
        """Whether it is time for new recovery codes."""
        return self.on and self.codes_left <= FEW_CODES


_LEFT = (
    select(func.count())
    .where(RecoveryCode.user_id == bindparam("user_id"), RecoveryCode.used_at.is_(None))
    .scalar_subquery()
)
_FACTORS = select(AuthenticatorApp.confirmed_at, _LEFT).where(
    AuthenticatorApp.user_id == bindparam("user_id"), AuthenticatorApp.confirmed_at.is_not(None)
)


def factors_of(user_id: UUID) -> Factors:
    """Return what a person has; nothing where the shared tables are a release behind, since nobody can have any."""
    try:
        with shared_reader() as connection:
            row = connection.execute(_FACTORS, {"user_id": user_id}).one_or_none()
    except ProgrammingError as failed:
        if isinstance(failed.orig, psycopg.errors.UndefinedTable):
            return Factors()
        raise
    return Factors(*row) if row else Factors()
