"""What people prove themselves with beside their passwords: of the installation, and no tenant's role reads it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db import SharedModel, new_id


class AuthenticatorApp(SharedModel):
    """The secret a person's app shares with us, sealed; it counts from `confirmed_at` on, when a code has fitted.

    `last_step` is the last half minute whose code was used: it and all before are worth nothing any more.
    """

    __tablename__ = "authenticator_apps"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("public.users.id", ondelete="CASCADE"), primary_key=True)
    secret: Mapped[bytes]
    last_step: Mapped[int] = mapped_column(BigInteger, server_default="0")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    confirmed_at: Mapped[datetime | None]


class RecoveryCode(SharedModel):
    """A code on a person's paper: only a keyed digest is kept, and it works once."""

    __tablename__ = "recovery_codes"
    __table_args__ = (Index("ix_recovery_codes_user_id", "user_id"), {"schema": "public"})

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("public.users.id", ondelete="CASCADE"))
    code_digest: Mapped[bytes]
    used_at: Mapped[datetime | None]


class PendingSignIn(SharedModel):
    """A browser that has given the password and still owes the second step; no session, and worth nothing alone.

    `password_digest` is of the stored password of that moment: with another password it is over.
    """

    __tablename__ = "pending_sign_ins"
    __table_args__ = (
        Index("ix_pending_sign_ins_user_id", "user_id"),
        Index("ix_pending_sign_ins_expires_at", "expires_at"),
        {"schema": "public"},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("public.users.id", ondelete="CASCADE"))
    password_digest: Mapped[bytes]
    browser_digest: Mapped[bytes]
    expires_at: Mapped[datetime]


class Passkey(SharedModel):
    """A key pair on a person's device, of which we know the public half (WebAuthn).

    `sign_count` is what the device said last of how often it has signed; 0 where it does not count.
    """

    __tablename__ = "passkeys"
    __table_args__ = (Index("ix_passkeys_user_id", "user_id"), {"schema": "public"})

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("public.users.id", ondelete="CASCADE"))
    credential_id: Mapped[bytes] = mapped_column(unique=True)
    public_key: Mapped[bytes]
    sign_count: Mapped[int] = mapped_column(BigInteger)
    transports: Mapped[list[str]] = mapped_column(ARRAY(String))
    name: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_used_at: Mapped[datetime | None]


class SpentChallenge(SharedModel):
    """A challenge that a passkey has answered: it is good for nothing any more. Kept until it would be too old."""

    __tablename__ = "spent_challenges"

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime]
