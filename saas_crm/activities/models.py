"""The activities table."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from saas_crm.access.models import Member
from saas_crm.core.records import Record
from saas_crm.customers.models import ALIVE, Company, Contact
from tenants.db import TenantModel

KINDS = ("note", "call", "meeting", "visit", "task", "email")
OUTCOMES = ("reached", "no_answer", "left_message", "interested", "not_interested", "follow_up")


class Activity(Record, TenantModel):
    """One thing that happened (`done_at`) or is planned (`due_at`).

    `at` is its place in the timeline: when it happened, or when it is due, or when it was written.
    """

    __tablename__ = "activities"
    __resource__ = "activity"
    __follows__ = (("company_id", "company"), ("contact_id", "contact"), ("opportunity_id", "opportunity"))
    __unaudited__ = Record.__unaudited__ | {"at"}
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        Index("ix_activities_company_id", "company_id", text("at DESC"), text("id DESC"), postgresql_where=ALIVE),
        Index("ix_activities_contact_id", "contact_id", text("at DESC"), text("id DESC"), postgresql_where=ALIVE),
        Index("ix_activities_opportunity_id", "opportunity_id", text("at DESC"), text("id DESC"),
              postgresql_where=ALIVE),
        Index("ix_activities_due", "owner_id", "due_at",
              postgresql_where=text("done_at IS NULL AND due_at IS NOT NULL AND deleted_at IS NULL")),
        Index("ix_activities_due_at", "due_at", "id",
              postgresql_where=text("due_at IS NOT NULL AND deleted_at IS NULL")),
        Index("ix_activities_owner_id_at", "owner_id", text("at DESC"), text("id DESC"), postgresql_where=ALIVE),
        Index("ix_activities_at", text("at DESC"), text("id DESC"), postgresql_where=ALIVE),
        Index("ix_activities_deleted_at", "deleted_at", postgresql_where=text("deleted_at IS NOT NULL")),
    )  # fmt: skip

    kind: Mapped[str]
    subject: Mapped[str] = mapped_column(server_default="", default="")
    body: Mapped[str] = mapped_column(server_default="", default="")
    outcome: Mapped[str] = mapped_column(server_default="", default="")
    company_id: Mapped[UUID | None] = mapped_column(ForeignKey("companies.id"))
    contact_id: Mapped[UUID | None] = mapped_column(ForeignKey("contacts.id"))
    opportunity_id: Mapped[UUID | None] = mapped_column(ForeignKey("opportunities.id"))
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("members.id"))
    at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    duration_minutes: Mapped[int | None]
    location: Mapped[str] = mapped_column(server_default="", default="")

    owner: Mapped[Member | None] = relationship(lazy="raise")
    company: Mapped[Company | None] = relationship(lazy="raise")
    contact: Mapped[Contact | None] = relationship(lazy="raise")
