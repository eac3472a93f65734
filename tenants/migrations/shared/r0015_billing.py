"""Know what workspaces pay and what their plans allow, and keep what Stripe sends until it was worked on (2026-11-23)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("tenants", sa.Column("plan", JSONB(), nullable=True), schema="public")
    _subscriptions()
    _events()
    _prices()
    _changes()
    op.create_table(
        "billing_identity",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        _moment("reconciled_at"),
        sa.Column("report", JSONB(), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_billing_identity_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_identity")),
        schema="public",
    )
    op.execute("INSERT INTO public.billing_identity (id, key) VALUES (1, gen_random_uuid())")
    # The registry's rows are the owner's; what a plan allows is written by who takes the money.
    op.execute("GRANT UPDATE (plan) ON public.tenants TO __runtime_login__")
    op.execute(
        "GRANT SELECT, INSERT, UPDATE, DELETE ON public.subscriptions, public.stripe_events, public.stripe_prices"
        " TO __runtime_login__"
    )
    op.execute("GRANT SELECT, INSERT ON public.billing_changes TO __runtime_login__")
    op.execute("GRANT SELECT, UPDATE ON public.billing_identity TO __runtime_login__")


def _subscriptions() -> None:
    op.create_table(
        "subscriptions",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        _text("plan"),
        *_texts("interval", "currency"),
        sa.Column("source", sa.String(), server_default="none", nullable=False),
        _text("state"),
        sa.Column("seats", sa.Integer(), server_default="0", nullable=False),
        sa.Column("seats_wanted", sa.Integer(), nullable=True),
        _moment("seats_due_at"),
        *_texts("next_plan", "next_interval"),
        *(_moment(name) for name in ("trial_ends_at", "period_ends_at", "past_due_since")),
        _at("state_since"),
        sa.Column("cancel_at_period_end", sa.Boolean(), server_default="false", nullable=False),
        *_texts("cancel_to", "cancel_reason", "cancel_words"),
        *(sa.Column(name, sa.String(), nullable=True) for name in ("customer_id", "subscription_id", "price_id")),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        *_texts("invoice_number"),
        _moment("paid_until"),
        sa.Column("asked", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("settled", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("told", sa.ARRAY(sa.String()), server_default="{}", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        _at("created_at"),
        _at("updated_at"),
        sa.CheckConstraint(
            "state IN ('trialing', 'free', 'active', 'past_due', 'read_only', 'cancelled')",
            name=op.f("ck_subscriptions_state"),
        ),
        sa.CheckConstraint("source IN ('none', 'stripe', 'manual')", name=op.f("ck_subscriptions_source")),
        sa.CheckConstraint("interval IN ('', 'month', 'year')", name=op.f("ck_subscriptions_interval")),
        sa.CheckConstraint("cancel_to IN ('', 'free', 'closed')", name=op.f("ck_subscriptions_cancel_to")),
        sa.CheckConstraint("seats >= 0 AND seats_wanted >= 0", name=op.f("ck_subscriptions_seats")),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["public.tenants.id"], name=op.f("fk_subscriptions_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_subscriptions")),
        sa.UniqueConstraint("customer_id", name=op.f("uq_subscriptions_customer_id")),
        sa.UniqueConstraint("subscription_id", name=op.f("uq_subscriptions_subscription_id")),
        schema="public",
    )


def _events() -> None:
    op.create_table(
        "stripe_events",
        _text("id"),
        _text("type"),
        sa.Column("object_id", sa.String(), nullable=True),
        sa.Column("customer_id", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _at("received_at"),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("payload", JSONB(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=True),
        _moment("worked_at"),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stripe_events")),
        schema="public",
    )
    op.create_index(
        "ix_stripe_events_unworked", "stripe_events", ["received_at", "id"], unique=False, schema="public",
        postgresql_where=sa.text("worked_at IS NULL"),
    )  # fmt: skip
    op.create_index("ix_stripe_events_received_at", "stripe_events", ["received_at"], unique=False, schema="public")
    op.create_index(
        "ix_stripe_events_customer_id", "stripe_events", ["customer_id"], unique=False, schema="public",
        postgresql_where=sa.text("worked_at IS NULL"),
    )  # fmt: skip


def _prices() -> None:
    op.create_table(
        "stripe_prices",
        *(_text(name) for name in ("price_id", "lookup_key", "plan", "interval", "currency")),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        _at("synced_at"),
        sa.PrimaryKeyConstraint("price_id", name=op.f("pk_stripe_prices")),
        schema="public",
    )
    op.create_index("ix_stripe_prices_lookup_key", "stripe_prices", ["lookup_key"], unique=False, schema="public")


def _changes() -> None:
    op.create_table(
        "billing_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        _at("at"),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        _text("kind"),
        _text("plan"),
        *_texts("interval", "currency"),
        sa.Column("seats", sa.Integer(), server_default="0", nullable=False),
        sa.Column("mrr", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("by_member", sa.Uuid(), nullable=True),
        *_texts("by_operator", "reason"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_changes")),
        schema="public",
    )
    op.create_index("ix_billing_changes_at", "billing_changes", ["at"], unique=False, schema="public")
    op.create_index(
        "ix_billing_changes_tenant_id", "billing_changes", ["tenant_id", "at"], unique=False, schema="public"
    )


def _text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.String(), nullable=False)


def _texts(*names: str) -> Sequence[sa.Column[Any]]:
    return [sa.Column(name, sa.String(), server_default="", nullable=False) for name in names]


def _moment(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=True)


def _at(name: str) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)
