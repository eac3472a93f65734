"""Pipelines, stages, opportunities, their stage history and the totals the board shows."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, FetchedValue, ForeignKey, Index, case, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from saas_crm.access.models import Member
from saas_crm.core.numbering.models import given_to
from saas_crm.core.records import Record
from saas_crm.customers.models import ALIVE, Company, Contact
from tenants.db import TenantModel, new_id
from tenants.veils import Veil, VeiledNumber

OPEN = text("status = 'open' AND deleted_at IS NULL")
AMOUNT = "opportunity.amount"
"""The rule for the field by which deals, their steps and all sums are veiled."""
STATUSES = ("open", "won", "lost")
STAGE_KINDS = ("open", "won", "lost")


class Pipeline(Record, TenantModel):
    """The ordered steps a sale goes through; `names` are per language, `name` the fallback."""

    __tablename__ = "pipelines"
    __resource__ = "pipeline"

    name: Mapped[str]
    names: Mapped[dict[str, str]] = mapped_column(JSONB, default=dict)
    position: Mapped[int] = mapped_column(server_default="0", default=0)
    stages: Mapped[list[Stage]] = relationship(lazy="raise", order_by="Stage.position", viewonly=True)


class Stage(Record, TenantModel):
    """A step of a pipeline, with the chance in percent that a deal there is won."""

    __tablename__ = "stages"
    __resource__ = "pipeline"
    __table_args__ = (
        CheckConstraint(f"kind IN {STAGE_KINDS}", name="kind"),
        CheckConstraint("probability BETWEEN 0 AND 100", name="probability"),
        Index("ix_stages_pipeline_id", "pipeline_id", "position"),
    )

    pipeline_id: Mapped[UUID] = mapped_column(ForeignKey("pipelines.id"))
    name: Mapped[str]
    names: Mapped[dict[str, str]] = mapped_column(JSONB, default=dict)
    kind: Mapped[str] = mapped_column(server_default="open", default="open")
    position: Mapped[int]
    probability: Mapped[int]
    archived_at: Mapped[datetime | None]


class Opportunity(Record, TenantModel):
    """A possible sale. `status` mirrors the stage's kind, so that open deals have an index of their own."""

    __tablename__ = "opportunities"
    __resource__ = "opportunity"
    __follows__ = (("company_id", "company"), ("consumer_id", "contact"))
    __held_in__ = MappingProxyType({"consumer_id": "contact_id"})
    __unaudited__ = Record.__unaudited__ | {"last_activity_at", "stage_since"}
    __table_args__ = (
        CheckConstraint(f"status IN {STATUSES}", name="status"),
        CheckConstraint("amount >= 0", name="amount"),
        Index("ix_opportunities_stage_id", "stage_id", text("stage_since DESC"), text("id DESC"),
              postgresql_where=ALIVE),
        Index("ix_opportunities_owner_id", "owner_id", "status", "expected_close", "id", postgresql_where=ALIVE),
        Index("ix_opportunities_company_id", "company_id", "id", postgresql_where=ALIVE),
        Index("ix_opportunities_contact_id", "contact_id", "id", postgresql_where=ALIVE),
        Index("ix_opportunities_expected_close", "expected_close", "id", postgresql_where=ALIVE),
        Index("ix_opportunities_updated_at", "updated_at", "id", postgresql_where=ALIVE),
        Index("ix_opportunities_created_at", "created_at", "id", postgresql_where=ALIVE),
        Index("ix_opportunities_amount", "amount", "id", postgresql_where=ALIVE),
        Index("ix_opportunities_stale", "owner_id", "last_activity_at", postgresql_where=OPEN),
        Index("ix_opportunities_deleted_at", "deleted_at", postgresql_where=text("deleted_at IS NOT NULL")),
    )  # fmt: skip

    name: Mapped[str]
    pipeline_id: Mapped[UUID] = mapped_column(ForeignKey("pipelines.id"))
    stage_id: Mapped[UUID] = mapped_column(ForeignKey("stages.id"))
    status: Mapped[str] = mapped_column(server_default="open", default="open")
    amount: Mapped[Decimal] = mapped_column(VeiledNumber(AMOUNT, 18, 3), server_default="0", default=Decimal(0))
    currency: Mapped[str]
    expected_close: Mapped[date | None]
    company_id: Mapped[UUID | None] = mapped_column(ForeignKey("companies.id"))
    contact_id: Mapped[UUID | None] = mapped_column(ForeignKey("contacts.id"))
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("members.id"))
    description: Mapped[str] = mapped_column(Veil("opportunity.description"), server_default="", default="")
    closed_at: Mapped[datetime | None]
    close_reason: Mapped[str] = mapped_column(server_default="", default="")
    close_note: Mapped[str] = mapped_column(server_default="", default="")
    stage_since: Mapped[datetime] = mapped_column(server_default=func.now())
    last_activity_at: Mapped[datetime] = mapped_column(server_default=func.now())

    owner: Mapped[Member | None] = relationship(lazy="raise")
    company: Mapped[Company | None] = relationship(lazy="raise")
    contact: Mapped[Contact | None] = relationship(lazy="raise")
    stage: Mapped[Stage] = relationship(lazy="raise")
    if TYPE_CHECKING:
        number: Mapped[str | None]

    @hybrid_property
    def consumer_id(self) -> UUID | None:
        """The contact who is the customer: of a deal that has no company."""
        return self.contact_id if self.company_id is None else None

    @consumer_id.inplace.expression
    @classmethod
    def _consumer_id(cls) -> ColumnElement[UUID | None]:
        return case((cls.company_id.is_(None), cls.contact_id))


Opportunity.number = given_to("opportunity", Opportunity.id)


class OpportunityContact(TenantModel):
    """A further person in a sale, beside its main contact."""

    __tablename__ = "opportunity_contacts"
    __table_args__ = (Index("ix_opportunity_contacts_contact_id", "contact_id"),)

    opportunity_id: Mapped[UUID] = mapped_column(ForeignKey("opportunities.id", ondelete="CASCADE"), primary_key=True)
    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True)


class StageChange(TenantModel):
    """One step in an opportunity's history."""

    __tablename__ = "stage_changes"
    __table_args__ = (Index("ix_stage_changes_opportunity_id", "opportunity_id", "at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    opportunity_id: Mapped[UUID] = mapped_column(ForeignKey("opportunities.id", ondelete="CASCADE"))
    from_stage_id: Mapped[UUID | None] = mapped_column(ForeignKey("stages.id"))
    to_stage_id: Mapped[UUID] = mapped_column(ForeignKey("stages.id"))
    amount: Mapped[Decimal] = mapped_column(VeiledNumber(AMOUNT, 18, 3))
    member_id: Mapped[UUID | None]
    at: Mapped[datetime] = mapped_column(server_default=func.now())


class OpportunityTotal(TenantModel):
    """Count and sum of living deals per stage, owner, month and currency, kept by a trigger.

    The release before this one adds them up for its boards; ours does only where a tenant lacks the `OwnerSum`s.
    """

    __tablename__ = "opportunity_totals"

    stage_id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_id: Mapped[UUID] = mapped_column(primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    currency: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(server_default="0")
    amount: Mapped[Decimal] = mapped_column(VeiledNumber(AMOUNT, 24, 3), server_default="0")


class OwnerSum(TenantModel):
    """Count and sum of an owner's living deals per stage, currency and, of open ones, month; kept by a trigger.

    What a board of some owners adds up. Closed deals stand under no month, so that there are few rows however long a
    workspace has been selling; a row that counts nothing is not there.
    """

    __tablename__ = "opportunity_owner_sums"

    owner_id: Mapped[UUID] = mapped_column(primary_key=True)
    stage_id: Mapped[UUID] = mapped_column(primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    currency: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int]
    amount: Mapped[Decimal] = mapped_column(VeiledNumber(AMOUNT, 24, 3))


class OpportunitySum(TenantModel):
    """A summand of the totals of all owners: their rows added up by stage, month and currency are the totals.

    Kept by a trigger, which adds up some now and then: who sees everybody's deals reads a few hundred, whatever the
    number of deals and owners, and who changes a deal waits for nobody.
    """

    __tablename__ = "opportunity_sums"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=FetchedValue())
    stage_id: Mapped[UUID]
    month: Mapped[date]
    currency: Mapped[str]
    count: Mapped[int]
    amount: Mapped[Decimal] = mapped_column(VeiledNumber(AMOUNT, 24, 3))
