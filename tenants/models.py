"""The registry of tenants: one small shared table."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db import SharedModel, new_id

STATUSES = ("making", "spare", "active", "suspended", "closed")


class Tenant(SharedModel):
    """A company that signed up, or a spare schema that waits for one."""

    __tablename__ = "tenants"
    __table_args__ = (
        CheckConstraint(f"status IN {STATUSES}", name="status"),
        CheckConstraint("status IN ('making', 'spare') OR slug IS NOT NULL", name="slug"),
        Index("ix_tenants_spare", "id", postgresql_where=text("status = 'spare'")),
        {"schema": "public"},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    slug: Mapped[str | None] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(server_default="")
    schema_name: Mapped[str] = mapped_column(unique=True)
    role_name: Mapped[str] = mapped_column(unique=True)
    status: Mapped[str] = mapped_column(server_default="making")
    schema_version: Mapped[str] = mapped_column(server_default="")
    migration_error: Mapped[str | None]
    locale: Mapped[str] = mapped_column(server_default="en")
    country: Mapped[str] = mapped_column(server_default="US")
    currency: Mapped[str] = mapped_column(server_default="USD")
    timezone: Mapped[str] = mapped_column(server_default="UTC")
    search_rules: Mapped[int] = mapped_column(server_default="0")
    search_renewing_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    claimed_at: Mapped[datetime | None]
