"""A workspace's own table of when operators may look in."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db import TenantModel, new_id


class SupportConsent(TenantModel):
    """An administrator's yes: for how long and why. It is never changed but by being withdrawn."""

    __tablename__ = "support_consents"
    __table_args__ = (Index("ix_support_consents_member_id", "member_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    member_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"))
    note: Mapped[str]
    given_at: Mapped[datetime] = mapped_column(server_default=func.now())
    until: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("members.id"))
