"""Changes of addresses: of the installation, and no tenant's role reads them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db import SharedModel, new_id


class EmailChange(SharedModel):
    """A change of the address somebody signs in with; of the mailed tokens only hashes are kept.

    It is open until it is confirmed, withdrawn or replaced (`ended_at`), too old (`expires_at`), or the password is not
    that of `password_digest` any more. `stop_hash` is of the link in the first mail to the former address, `undo_hash`
    of that in the second; neither is made for an address that was never confirmed: nobody knows whose it is.
    A trigger keeps `old_email` from others until `undo_until`.
    """

    __tablename__ = "email_changes"
    __table_args__ = (
        Index("ix_email_changes_user_id", "user_id"), Index("ix_email_changes_old_email", "old_email"),
        {"schema": "public"},
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("public.users.id", ondelete="CASCADE"))
    old_email: Mapped[str]
    new_email: Mapped[str]
    old_confirmed: Mapped[bool]
    password_digest: Mapped[bytes]
    token_hash: Mapped[bytes | None] = mapped_column(unique=True)
    stop_hash: Mapped[bytes | None] = mapped_column(unique=True)
    undo_hash: Mapped[bytes | None] = mapped_column(unique=True)
    requested_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    undo_until: Mapped[datetime]
    undone_at: Mapped[datetime | None]
