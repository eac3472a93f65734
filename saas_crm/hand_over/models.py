"""What was handed over, from whom to whom."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from saas_crm.core.records import Record
from tenants.db import TenantModel


class HandOver(Record, TenantModel):
    """One hand-over of what a member owned, done in one transaction."""

    __tablename__ = "hand_overs"
    __resource__ = "hand_over"
    __table_args__ = (Index("ix_hand_overs_from_id", "from_id", "created_at"),)

    from_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"))
    made_by_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"))
    note: Mapped[str] = mapped_column(server_default="", default="")
    undone_at: Mapped[datetime | None]


class HandOverItem(TenantModel):
    """One record that went from the member to another."""

    __tablename__ = "hand_over_items"
    __table_args__ = (Index("ix_hand_over_items_record_id", "record_id"),)

    hand_over_id: Mapped[UUID] = mapped_column(ForeignKey("hand_overs.id"), primary_key=True)
    record_id: Mapped[UUID] = mapped_column(primary_key=True)
    resource: Mapped[str]
    to_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"))
