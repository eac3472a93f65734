"""Companies and contacts."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from saas_crm.access.models import Member
from saas_crm.core.numbering.models import given_to
from saas_crm.core.records import Record
from tenants.db import TenantModel
from tenants.veils import Veil, VeiledDate

ALIVE = text("deleted_at IS NULL")
LIFECYCLES = ("potential", "new", "active", "dormant", "lost")


def veiled_text(field: str, **options: Any) -> Any:
    """Return a column of text that may be empty; `field` names the rule under which some readers see less of it."""
    return mapped_column(Veil(field), server_default="", default="", **options)


class Company(Record, TenantModel):
    """A business customer or prospect. `sort_name` and `name_key` are its folded forms."""

    __tablename__ = "companies"
    __resource__ = "company"
    __unaudited__ = Record.__unaudited__ | {"sort_name", "name_key", "domain", "last_activity_at"}
    __table_args__ = (
        Index("ix_companies_sort_name", "sort_name", "id", postgresql_where=ALIVE),
        Index("ix_companies_updated_at", "updated_at", "id", postgresql_where=ALIVE),
        Index("ix_companies_created_at", "created_at", "id", postgresql_where=ALIVE),
        Index("ix_companies_last_activity_at", "last_activity_at", "id", postgresql_where=ALIVE),
        Index("ix_companies_owner_id", "owner_id", "sort_name", "id", postgresql_where=ALIVE),
        Index("ix_companies_name_key", "name_key", postgresql_where=ALIVE),
        Index("ix_companies_domain", "domain", postgresql_where=text("deleted_at IS NULL AND domain <> ''")),
        Index("ix_companies_phone", "phone", postgresql_where=text("deleted_at IS NULL AND phone <> ''")),
        Index("ix_companies_email", "email", postgresql_where=text("deleted_at IS NULL AND email <> ''")),
        Index("ix_companies_tags", "tags", postgresql_using="gin"),
        Index("ix_companies_deleted_at", "deleted_at", postgresql_where=text("deleted_at IS NOT NULL")),
    )

    name: Mapped[str]
    sort_name: Mapped[str]
    name_key: Mapped[str]
    phone: Mapped[str] = veiled_text("company.phone")
    email: Mapped[str] = veiled_text("company.email")
    website: Mapped[str] = veiled_text("company.website")
    domain: Mapped[str] = mapped_column(server_default="", default="")
    industry: Mapped[str] = veiled_text("company.industry")
    lifecycle: Mapped[str] = mapped_column(server_default="potential", default="potential")
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}", default=list)
    description: Mapped[str] = veiled_text("company.description")
    street: Mapped[str] = veiled_text("company.address", sort_order=50)
    city: Mapped[str] = veiled_text("company.address", sort_order=51)
    region: Mapped[str] = veiled_text("company.address", sort_order=52)
    postcode: Mapped[str] = veiled_text("company.address", sort_order=53)
    country: Mapped[str] = veiled_text("company.address", sort_order=54)
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("members.id"))
    last_activity_at: Mapped[datetime | None]

    owner: Mapped[Member | None] = relationship(lazy="raise")
    if TYPE_CHECKING:
        number: Mapped[str | None]


Company.number = given_to("company", Company.id)


class Contact(Record, TenantModel):
    """A person: at a company, or a consumer on their own."""

    __tablename__ = "contacts"
    __resource__ = "contact"
    __follows__ = (("company_id", "company"),)
    __unaudited__ = Record.__unaudited__ | {"sort_name", "last_activity_at"}
    __table_args__ = (
        Index("ix_contacts_sort_name", "sort_name", "id", postgresql_where=ALIVE),
        Index("ix_contacts_updated_at", "updated_at", "id", postgresql_where=ALIVE),
        Index("ix_contacts_created_at", "created_at", "id", postgresql_where=ALIVE),
        Index("ix_contacts_last_activity_at", "last_activity_at", "id", postgresql_where=ALIVE),
        Index("ix_contacts_owner_id", "owner_id", "sort_name", "id", postgresql_where=ALIVE),
        Index("ix_contacts_company_id", "company_id", "sort_name", "id", postgresql_where=ALIVE),
        Index("ix_contacts_email", "email", postgresql_where=text("deleted_at IS NULL AND email <> ''")),
        Index("ix_contacts_phone", "phone", postgresql_where=text("deleted_at IS NULL AND phone <> ''")),
        Index("ix_contacts_mobile", "mobile", postgresql_where=text("deleted_at IS NULL AND mobile <> ''")),
        Index("ix_contacts_tags", "tags", postgresql_using="gin"),
        Index("ix_contacts_deleted_at", "deleted_at", postgresql_where=text("deleted_at IS NOT NULL")),
    )

    name: Mapped[str]
    sort_name: Mapped[str]
    company_id: Mapped[UUID | None] = mapped_column(ForeignKey("companies.id"))
    job_title: Mapped[str] = veiled_text("contact.job_title")
    email: Mapped[str] = veiled_text("contact.email")
    phone: Mapped[str] = veiled_text("contact.phone")
    mobile: Mapped[str] = veiled_text("contact.mobile")
    birthday: Mapped[date | None] = mapped_column(VeiledDate("contact.birthday"))
    lifecycle: Mapped[str] = mapped_column(server_default="potential", default="potential")
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}", default=list)
    description: Mapped[str] = veiled_text("contact.description")
    street: Mapped[str] = veiled_text("contact.address", sort_order=50)
    city: Mapped[str] = veiled_text("contact.address", sort_order=51)
    region: Mapped[str] = veiled_text("contact.address", sort_order=52)
    postcode: Mapped[str] = veiled_text("contact.address", sort_order=53)
    country: Mapped[str] = veiled_text("contact.address", sort_order=54)
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("members.id"))
    last_activity_at: Mapped[datetime | None]

    owner: Mapped[Member | None] = relationship(lazy="raise")
    company: Mapped[Company | None] = relationship(lazy="raise")
