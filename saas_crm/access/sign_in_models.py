"""What a person can look up about their own sign-ins: of the installation, and no tenant's role reads it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db import SharedModel, new_id


class SignInEntry(SharedModel):
    """One line of a person's own log: what happened to their sign-in, when and from where.

    `origin` says "address", "browser" and "how", as the audit logs of their workspaces do.
    """

    __tablename__ = "sign_ins"
    __table_args__ = (Index("ix_sign_ins_user_id", "user_id", "at", "id"), {"schema": "public"})

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("public.users.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    action: Mapped[str]
    origin: Mapped[dict[str, str]] = mapped_column(JSONB, server_default="{}")


class KnownBrowser(SharedModel):
    """A browser in which a person has signed in; it keeps the token, we its hash. It opens nothing."""

    __tablename__ = "known_browsers"
    __table_args__ = (
        UniqueConstraint("user_id", "token_hash", name="uq_known_browsers_user_id"), {"schema": "public"},
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("public.users.id", ondelete="CASCADE"))
    token_hash: Mapped[bytes]
    last_used_at: Mapped[datetime]
