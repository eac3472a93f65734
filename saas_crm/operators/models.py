"""Tables of those who run the installation: shared, and no tenant's role reads or writes them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, func
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db import SharedModel, new_id


class Operator(SharedModel):
    """Somebody who runs the installation. Made by command alone; `enrolled_at` is when password and app were set up.

    `secret` is the app's, sealed; `last_step` the last half minute whose code was used; `codes` are digests of what
    is left of the recovery codes.
    """

    __tablename__ = "operators"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str | None]
    secret: Mapped[bytes | None]
    last_step: Mapped[int] = mapped_column(BigInteger, server_default="0")
    codes: Mapped[list[bytes]] = mapped_column(ARRAY(LargeBinary), server_default="{}")
    link_hash: Mapped[bytes | None]
    link_until: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    enrolled_at: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]


class OperatorSession(SharedModel):
    """A browser in which an operator gave their password; while it is `pending` the code is still owed."""

    __tablename__ = "operator_sessions"
    __table_args__ = (Index("ix_operator_sessions_operator_id", "operator_id"), {"schema": "public"})

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    operator_id: Mapped[UUID] = mapped_column(ForeignKey("public.operators.id", ondelete="CASCADE"))
    pending: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    seen_at: Mapped[datetime] = mapped_column(server_default=func.now())
    proven_at: Mapped[datetime | None]
    address: Mapped[str] = mapped_column(server_default="")
    browser: Mapped[str] = mapped_column(server_default="")


class OperatorAct(SharedModel):
    """What an operator did, by page or by command; append-only for the login the application runs with."""

    __tablename__ = "operator_acts"
    __table_args__ = (Index("ix_operator_acts_tenant_id", "tenant_id", "id"), {"schema": "public"})

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    operator_id: Mapped[UUID | None]
    actor: Mapped[str]
    act: Mapped[str]
    tenant_id: Mapped[UUID | None]
    slug: Mapped[str | None]
    origin: Mapped[dict[str, Any]] = mapped_column(JSONB)
    details: Mapped[dict[str, Any]] = mapped_column(JSONB)


class OperatorWork(SharedModel):
    """What an operator asked the worker for, and how far it is; the application can ask and look, and no more."""

    __tablename__ = "operator_work"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'running', 'done', 'failed')", name="state"), {"schema": "public"},
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str]
    tenant_id: Mapped[UUID | None]
    asked: Mapped[dict[str, Any]] = mapped_column(JSONB)
    asked_by: Mapped[UUID | None]
    asked_at: Mapped[datetime] = mapped_column(server_default=func.now())
    state: Mapped[str] = mapped_column(String, server_default="queued")
    done: Mapped[int] = mapped_column(server_default="0")
    total: Mapped[int | None]
    failures: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default="[]")
    error: Mapped[str | None]
    ended_at: Mapped[datetime | None]


class OperatorUpload(SharedModel):
    """An archive's file that an operator sends, as they told of it (bytes, SHA-256 of the whole); kept for a day."""

    __tablename__ = "operator_uploads"
    __table_args__ = (Index("ix_operator_uploads_operator_id", "operator_id"), {"schema": "public"})

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    operator_id: Mapped[UUID] = mapped_column(ForeignKey("public.operators.id", ondelete="CASCADE"))
    name: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[bytes]
    piece_size: Mapped[int]
    begun_at: Mapped[datetime] = mapped_column(server_default=func.now())


class OperatorUploadPiece(SharedModel):
    """A piece of such a file; all are `piece_size` long but the last one."""

    __tablename__ = "operator_upload_pieces"

    upload_id: Mapped[UUID] = mapped_column(
        ForeignKey("public.operator_uploads.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class OperatorVisit(SharedModel):
    """An operator looks into a workspace as one of its members, by its consent; the ticket is good once."""

    __tablename__ = "operator_visits"
    __table_args__ = (Index("ix_operator_visits_tenant_id", "tenant_id"), {"schema": "public"})

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    operator_id: Mapped[UUID] = mapped_column(ForeignKey("public.operators.id", ondelete="CASCADE"))
    session_id: Mapped[UUID]
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("public.tenants.id", ondelete="CASCADE"))
    member_id: Mapped[UUID]
    consent_id: Mapped[UUID]
    ticket_hash: Mapped[bytes] = mapped_column(unique=True)
    asked_at: Mapped[datetime] = mapped_column(server_default=func.now())
    begun_at: Mapped[datetime | None]
    until: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    why: Mapped[str | None]


class TenantFigures(SharedModel):
    """A workspace in numbers, as of `taken_at`: bytes on disk, people, failed jobs, when one of them was last seen."""

    __tablename__ = "tenant_figures"

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("public.tenants.id", ondelete="CASCADE"), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    members: Mapped[int]
    failed_jobs: Mapped[int]
    last_seen_at: Mapped[datetime | None]
    taken_at: Mapped[datetime] = mapped_column(server_default=func.now())


class InstallationFigures(SharedModel):
    """What the installation carries, as of `taken_at`; one row, and `memory` in bytes where it is known."""

    __tablename__ = "installation_figures"
    __table_args__ = (CheckConstraint("id = 1", name="one"), {"schema": "public"})

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    figures: Mapped[dict[str, Any]] = mapped_column(JSONB)
    memory: Mapped[int | None] = mapped_column(BigInteger)
    taken_at: Mapped[datetime] = mapped_column(server_default=func.now())
