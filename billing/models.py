"""Tables of billing: of the installation, and no tenant's role reads them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db import SharedModel, new_id

STATES = ("trialing", "free", "active", "past_due", "read_only", "cancelled")
SOURCES = ("none", "stripe", "manual")


class Subscription(SharedModel):
    """What a workspace has and pays. Amounts are in the currency's smallest unit, for one seat and interval.

    `seats` are those paid for; `seats_wanted` those that somebody asked for (None: they follow the members),
    `seats_due_at` when Stripe is to be told. `past_due_since` is when the first invoice that is still open was
    finalised; `state_since` when we came to hold the state, and `told` are the mails that were sent since (and a note
    of what is to be ended, `billing.surplus`). `next_plan` and `next_interval` are a lowering that waits for the
    period's end. `cancel_to` is what follows a cancellation.
    `asked` and `settled` count looks at Stripe: an answer older than one that is written already is thrown away.
    `version` counts what was changed, by whomever: who changes it says which one they saw.
    """

    __tablename__ = "subscriptions"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint(f"source IN {SOURCES}", name="source"),
        CheckConstraint("interval IN ('', 'month', 'year')", name="interval"),
        CheckConstraint("cancel_to IN ('', 'free', 'closed')", name="cancel_to"),
        CheckConstraint("seats >= 0 AND seats_wanted >= 0", name="seats"),
        {"schema": "public"},
    )

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("public.tenants.id", ondelete="CASCADE"), primary_key=True)
    plan: Mapped[str]
    interval: Mapped[str] = mapped_column(server_default="")
    currency: Mapped[str] = mapped_column(server_default="")
    source: Mapped[str] = mapped_column(server_default="none")
    state: Mapped[str]
    seats: Mapped[int] = mapped_column(server_default="0")
    seats_wanted: Mapped[int | None]
    seats_due_at: Mapped[datetime | None]
    next_plan: Mapped[str] = mapped_column(server_default="")
    next_interval: Mapped[str] = mapped_column(server_default="")
    trial_ends_at: Mapped[datetime | None]
    period_ends_at: Mapped[datetime | None]
    past_due_since: Mapped[datetime | None]
    state_since: Mapped[datetime] = mapped_column(server_default=func.now())
    cancel_at_period_end: Mapped[bool] = mapped_column(server_default="false")
    cancel_to: Mapped[str] = mapped_column(server_default="")
    cancel_reason: Mapped[str] = mapped_column(server_default="")
    cancel_words: Mapped[str] = mapped_column(server_default="")
    customer_id: Mapped[str | None] = mapped_column(unique=True)
    subscription_id: Mapped[str | None] = mapped_column(unique=True)
    price_id: Mapped[str | None]
    amount: Mapped[int | None] = mapped_column(BigInteger)
    invoice_number: Mapped[str] = mapped_column(server_default="")
    paid_until: Mapped[datetime | None]
    asked: Mapped[int] = mapped_column(BigInteger, server_default="0")
    settled: Mapped[int] = mapped_column(BigInteger, server_default="0")
    told: Mapped[list[str]] = mapped_column(ARRAY(String), server_default="{}")
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


class StripeEvent(SharedModel):
    """An event as Stripe sent it, kept before anything is done with it; `worked_at` is when it was.

    `created_at` is Stripe's moment, by which nothing is put in order: what counts is looked up.
    """

    __tablename__ = "stripe_events"
    __table_args__ = (
        Index("ix_stripe_events_unworked", "received_at", "id", postgresql_where=text("worked_at IS NULL")),
        Index("ix_stripe_events_received_at", "received_at"),
        Index("ix_stripe_events_customer_id", "customer_id", postgresql_where=text("worked_at IS NULL")),
        {"schema": "public"},
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    type: Mapped[str]
    object_id: Mapped[str | None]
    customer_id: Mapped[str | None]
    created_at: Mapped[datetime]
    received_at: Mapped[datetime] = mapped_column(server_default=func.now())
    livemode: Mapped[bool]
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    tenant_id: Mapped[UUID | None]
    worked_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(server_default="0")
    error: Mapped[str | None]


class StripePrice(SharedModel):
    """A price that was made in Stripe; one that is not `active` is still paid by who began with it."""

    __tablename__ = "stripe_prices"
    __table_args__ = (Index("ix_stripe_prices_lookup_key", "lookup_key"), {"schema": "public"})

    price_id: Mapped[str] = mapped_column(primary_key=True)
    lookup_key: Mapped[str]
    plan: Mapped[str]
    interval: Mapped[str]
    currency: Mapped[str]
    amount: Mapped[int] = mapped_column(BigInteger)
    active: Mapped[bool]
    synced_at: Mapped[datetime] = mapped_column(server_default=func.now())


class BillingChange(SharedModel):
    """What happened to a subscription, for the operator's figures; it outlives the workspace and is never changed.

    Plan, interval, currency, seats and `mrr` (what is paid a month, in the currency's smallest unit) are those from
    then on; of an end after paying (`cancelled`, `free`) those that were lost by it.
    """

    __tablename__ = "billing_changes"
    __table_args__ = (
        Index("ix_billing_changes_at", "at"), Index("ix_billing_changes_tenant_id", "tenant_id", "at"),
        {"schema": "public"},
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    tenant_id: Mapped[UUID]
    kind: Mapped[str]
    plan: Mapped[str]
    interval: Mapped[str] = mapped_column(server_default="")
    currency: Mapped[str] = mapped_column(server_default="")
    seats: Mapped[int] = mapped_column(server_default="0")
    mrr: Mapped[int] = mapped_column(BigInteger, server_default="0")
    by_member: Mapped[UUID | None]
    by_operator: Mapped[str] = mapped_column(server_default="")
    reason: Mapped[str] = mapped_column(server_default="")


class BillingIdentity(SharedModel):
    """One row: by `key` this installation knows its own objects in a Stripe account that it shares with others."""

    __tablename__ = "billing_identity"
    __table_args__ = (CheckConstraint("id = 1", name="one"), {"schema": "public"})

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key: Mapped[UUID]
    reconciled_at: Mapped[datetime | None]
    report: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
