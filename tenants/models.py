"""The registry of tenants, and what befalls one as a whole: small shared tables."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db import SharedModel, new_id

STATUSES = ("making", "spare", "active", "read_only", "suspended", "closed")


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
    former_of: Mapped[UUID | None] = mapped_column(ForeignKey("public.tenants.id", ondelete="SET NULL"), deferred=True)
    """The tenant whose data this was until it was restored in place."""
    plan: Mapped[dict[str, Any] | None] = mapped_column(JSONB, deferred=True)
    """What it may do (`tenants.plan`); None: everything."""


class SuspensionRow(SharedModel):
    """Why a tenant may not be worked in: one row for each cause (`tenants.standing`)."""

    __tablename__ = "suspensions"
    __table_args__ = (CheckConstraint("kind IN ('read_only', 'closed')", name="kind"), {"schema": "public"})

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("public.tenants.id", ondelete="CASCADE"), primary_key=True)
    cause: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    reason: Mapped[str] = mapped_column(server_default="")
    ask: Mapped[str] = mapped_column(server_default="")
    until: Mapped[datetime | None]
    since: Mapped[datetime] = mapped_column(server_default=func.now())


class FormerSlug(SharedModel):
    """A slug that led to a tenant until lately, and still does until a day."""

    __tablename__ = "former_slugs"
    __table_args__ = (Index("ix_former_slugs_tenant_id", "tenant_id"), {"schema": "public"})

    slug: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("public.tenants.id", ondelete="CASCADE"))
    until: Mapped[datetime]


class TenantDomain(SharedModel):
    """A domain a tenant wants to be served at, as DNS spells it (IDNA, small letters), and whether it is theirs.

    One that was shown to be one tenant's (`verified_at`) is nobody else's; claims alone keep nobody from it.
    `checked_at` is when DNS answered last, `lost_since` since when the record has been gone.
    """

    __tablename__ = "tenant_domains"
    __table_args__ = (
        CheckConstraint("domain = lower(domain)", name="lower"),
        Index("ix_tenant_domains_verified", "domain", unique=True, postgresql_where=text("verified_at IS NOT NULL")),
        {"schema": "public"},
    )

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("public.tenants.id", ondelete="CASCADE"), primary_key=True)
    domain: Mapped[str]
    token: Mapped[str]
    verified_at: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]
    lost_since: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class TenantDeletion(SharedModel):
    """Somebody asked for a tenant to be deleted; `reminded` is the last number of days before that a mail told."""

    __tablename__ = "tenant_deletions"

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("public.tenants.id", ondelete="CASCADE"), primary_key=True)
    asked_by: Mapped[str]
    asked_at: Mapped[datetime] = mapped_column(server_default=func.now())
    due_at: Mapped[datetime]
    reminded: Mapped[int | None]


class DeletionCertificate(SharedModel):
    """All that remains of a deleted tenant."""

    __tablename__ = "deletion_certificates"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    tenant_id: Mapped[UUID]
    slug: Mapped[str]
    name: Mapped[str]
    asked_by: Mapped[str]
    asked_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime] = mapped_column(server_default=func.now())
    counts: Mapped[dict[str, Any]] = mapped_column(JSONB)


class Archive(SharedModel):
    """A tenant's archive that a member asked for, kept for a few days."""

    __tablename__ = "archives"
    __table_args__ = (Index("ix_archives_tenant_id", "tenant_id", "asked_at"), {"schema": "public"})

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("public.tenants.id", ondelete="CASCADE"))
    member_id: Mapped[UUID]
    asked_at: Mapped[datetime] = mapped_column(server_default=func.now())
    made_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    size: Mapped[int | None] = mapped_column(BigInteger)
    rows: Mapped[int | None] = mapped_column(BigInteger)
    error: Mapped[str | None]


class ArchivePiece(SharedModel):
    """A piece of an archive's file: what is written and read at a time."""

    __tablename__ = "archive_pieces"

    archive_id: Mapped[UUID] = mapped_column(ForeignKey("public.archives.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
