"""Between the password and the second step: a token in one browser, for a few minutes, which opens nothing.

It is good in the browser it was given to, until the code is right, and as long as the password stays what it was.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, insert, select

from saas_crm.access.factors.models import PendingSignIn
from saas_crm.access.queries import user_by_id
from saas_crm.access.shared_models import User
from saas_crm.access.tokens import new_token, token_hash
from saas_crm.core.clock import now
from tenants.db import SHARED, db
from tenants.directory import shared_reader

LIFETIME = timedelta(minutes=10)


def begin_pending(user_id: UUID, user_agent: str) -> str:
    """Note that a browser has given a person's password; returns the token it gets instead of a session."""
    user, token = user_by_id(user_id), new_token()
    with db.engines[SHARED].begin() as connection:
        connection.execute(delete(PendingSignIn).where(PendingSignIn.expires_at < now()))
        connection.execute(insert(PendingSignIn).values(
            token_hash=token_hash(token), user_id=user_id, expires_at=now() + LIFETIME,
            password_digest=_digest(user.password_hash if user else ""), browser_digest=_digest(user_agent),
        ))  # fmt: skip
    return token


def pending_user(token: str, user_agent: str) -> UUID | None:
    """Return who has given their password in this browser; None if nobody, or not lately."""
    query = (
        select(PendingSignIn.user_id, PendingSignIn.password_digest, User.password_hash)
        .join(User, User.id == PendingSignIn.user_id)
        .where(
            PendingSignIn.token_hash == token_hash(token), PendingSignIn.expires_at > now(),
            PendingSignIn.browser_digest == _digest(user_agent),
        )
    )  # fmt: skip
    with shared_reader() as connection:
        row = connection.execute(query).one_or_none()
    return row.user_id if row and row.password_digest == _digest(row.password_hash) else None


def end_pending(token: str) -> bool:
    """Use the token up; returns whether it was still there, so that of two answers at once one signs in."""
    gone = delete(PendingSignIn).where(PendingSignIn.token_hash == token_hash(token), PendingSignIn.expires_at > now())
    with db.engines[SHARED].begin() as connection:
        return bool(connection.execute(gone).rowcount)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
