"""Consents, certificates of erasure, duties to keep, and the register of processing."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from saas_crm.core.records import Record
from tenants.db import TenantModel, new_id


class Consent(TenantModel):
    """What a person said about one channel and purpose, when, and how one knows. Append-only: the last one counts."""

    __tablename__ = "consents"
    __table_args__ = (
        CheckConstraint("state IN ('given', 'withdrawn', 'objected')", name="state"),
        Index("ix_consents_contact_id", "contact_id", text("at DESC"), text("id DESC")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"))
    channel: Mapped[str]
    purpose: Mapped[str]
    state: Mapped[str]
    at: Mapped[datetime]
    source: Mapped[str]
    note: Mapped[str] = mapped_column(server_default="", default="")
    member_id: Mapped[UUID | None] = mapped_column(ForeignKey("members.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Erasure(TenantModel):
    """The certificate that a person was erased: what went and what stayed, and nothing about them. Append-only.

    `parts` are [kind, fate, number]. `fingerprints` are salted hashes of what the person was known by: who has an
    address can check that it was theirs, and nobody can read it.
    """

    __tablename__ = "erasures"
    __table_args__ = (Index("ix_erasures_created_at", "created_at", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[int] = mapped_column(unique=True)
    contact_id: Mapped[UUID] = mapped_column(unique=True)
    member_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"))
    reason: Mapped[str]
    parts: Mapped[list[list[Any]]] = mapped_column(JSONB)
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    fingerprints: Mapped[list[str]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ErasureItem(TenantModel):
    """A record whose audit entries say nothing any more in these fields. Append-only."""

    __tablename__ = "erasure_items"

    erasure_id: Mapped[UUID] = mapped_column(
        ForeignKey("erasures.id", deferrable=True, initially="DEFERRED"), primary_key=True
    )
    resource: Mapped[str] = mapped_column(primary_key=True)
    record_id: Mapped[UUID] = mapped_column(primary_key=True)
    fields: Mapped[list[str]] = mapped_column(ARRAY(Text))


class PrivacyHold(Record, TenantModel):
    """A duty to keep one person's data, set by hand; without `until` it holds until it is lifted.

    The log tells the reason with what was done with the contact: to those only who see them, and it goes with them.
    """

    __tablename__ = "privacy_holds"
    __resource__ = "privacy_hold"
    __unaudited__ = Record.__unaudited__ | {"reason"}

    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"), unique=True)
    reason: Mapped[str]
    until: Mapped[date | None]


class ProcessingActivity(Record, TenantModel):
    """One entry of the register: what is done with personal data, why, and on what ground.

    With the id of one that every workspace begins with (`defaults`), it takes its place; deleted, it hides it.
    """

    __tablename__ = "processing_activities"
    __resource__ = "processing_activity"

    name: Mapped[str]
    purpose: Mapped[str] = mapped_column(server_default="", default="")
    people: Mapped[str] = mapped_column(server_default="", default="")
    data: Mapped[str] = mapped_column(server_default="", default="")
    recipients: Mapped[str] = mapped_column(server_default="", default="")
    retention: Mapped[str] = mapped_column(server_default="", default="")
    legal_basis: Mapped[str] = mapped_column(server_default="", default="")


class PrivacySettings(Record, TenantModel):
    """What the workspace decided about privacy: at most one row.

    `responsible` says whom people can turn to; with `public_token` everybody who has the link sees the register.
    """

    __tablename__ = "privacy_settings"
    __resource__ = "privacy_settings"
    __unaudited__ = Record.__unaudited__ | {"public_token"}
    __table_args__ = (Index("uq_privacy_settings_one", text("(true)"), unique=True),)

    keep_years: Mapped[int]
    responsible: Mapped[str] = mapped_column(server_default="", default="")
    public_token: Mapped[str | None]
