"""An operator's first minutes: by the link from the command, password and app together, or neither."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, select, update

from saas_crm.access.factors.rules import (
    LETTERS,
    RECOVERY_CODES,
    matching_step,
    plain_recovery_code,
    spelt_recovery_code,
)
from saas_crm.access.factors.sealing import digest, unseal
from saas_crm.access.passwords import hash_password
from saas_crm.access.rules import PER_ACCOUNT
from saas_crm.access.throttle import count, throttle_key
from saas_crm.access.tokens import token_hash
from saas_crm.core.clock import now
from saas_crm.core.errors import InvalidInput, NotFound
from saas_crm.core.i18n import gettext as _
from saas_crm.operators.acts import Who, record
from saas_crm.operators.models import Operator, OperatorSession
from tenants.db import SHARED, AnySelect, db
from tenants.directory import shared_reader


@dataclass(frozen=True, slots=True)
class Invited:
    """Somebody whose link is good: what the app has to learn is shown as long as it is."""

    id: UUID
    email: str
    name: str
    secret: str
    last_step: int


def invited_by(token: str) -> Invited:
    """Return whose link this is; raises NotFound for one that is used, over or unknown."""
    with shared_reader() as connection:
        row = connection.execute(_by(token)).one_or_none()
    if row is None:
        raise NotFound
    return Invited(row.id, row.email, row.name, unseal(row.secret), row.last_step)


def _by(token: str) -> AnySelect:
    return select(Operator.id, Operator.email, Operator.name, Operator.secret, Operator.last_step).where(
        Operator.link_hash == token_hash(token), Operator.link_until > now(), Operator.disabled_at.is_(None),
        Operator.secret.is_not(None),
    )  # fmt: skip


def set_up(token: str, password: str, typed: str, *, origin: Mapping[str, str]) -> list[str]:
    """Take the password (checked already) and the app's first code; returns the recovery codes, shown once.

    The link is used up. Raises NotFound, InvalidInput for a code that does not fit, and TooManyAttempts.
    """
    invited = invited_by(token)
    count({throttle_key("operator-code", str(invited.id)): PER_ACCOUNT})
    hashed = hash_password(password)
    with db.engines[SHARED].begin() as connection:
        row = connection.execute(_by(token).with_for_update()).one_or_none()
        if row is None:
            raise NotFound
        step = matching_step(unseal(row.secret), typed, now(), after=row.last_step)
        if step is None:
            raise InvalidInput({"code": _("This code does not fit. Type the one the app shows now.")})
        codes = [spelt_recovery_code(secrets.token_bytes(LETTERS)) for _number in range(RECOVERY_CODES)]
        connection.execute(update(Operator).where(Operator.id == row.id).values(
            password_hash=hashed, last_step=step, codes=[digest(plain_recovery_code(code)) for code in codes],
            enrolled_at=now(), link_hash=None, link_until=None,
        ))  # fmt: skip
        connection.execute(delete(OperatorSession).where(OperatorSession.operator_id == row.id))
        record(connection, Who(row.name, row.id, origin), "set_up")
    return codes
