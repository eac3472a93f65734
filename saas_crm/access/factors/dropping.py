"""Taking everything off a sign-in that is asked for beside its password."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Connection, delete

from saas_crm.access.factors.models import AuthenticatorApp, Passkey, RecoveryCode


def drop_factors(connection: Connection, user_id: UUID) -> bool:
    """Remove a person's app, passkeys and codes; returns whether there was anything to sign in with."""
    connection.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    apps = connection.execute(delete(AuthenticatorApp).where(AuthenticatorApp.user_id == user_id)).rowcount
    keys = connection.execute(delete(Passkey).where(Passkey.user_id == user_id)).rowcount
    return bool(apps or keys)
