"""Keep who agreed to what, what was erased of whom, and what a workspace does with personal data (2026-11-22)."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

APPEND_ONLY = ("consents", "erasures", "erasure_items")
EVERYTHING = """
UPDATE roles SET permissions = '{"privacy:read": "all", "privacy:update": "all", "privacy:export": "all",
    "privacy:delete": "all"}' || permissions
WHERE key IN ('owner', 'admin')
"""
READING = """
UPDATE roles SET permissions = '{"privacy:read": "all"}' || permissions WHERE key IN ('manager', 'rep')
"""


def upgrade() -> None:
    """Apply."""
    _make_consents()
    _make_erasures()
    _make_holds()
    _make_register()
    for table in APPEND_ONLY:
        op.execute(f"REVOKE UPDATE, DELETE ON {table} FROM __tenant_role__")
    for sql in (EVERYTHING, READING):
        op.execute(sa.text(sql.replace(":", "\\:")))


def _make_consents() -> None:
    op.create_table(
        "consents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("note", sa.String(), server_default="", nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state IN ('given', 'withdrawn', 'objected')", name=op.f("ck_consents_state")),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name=op.f("fk_consents_contact_id_contacts"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_consents_member_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    op.create_index("ix_consents_contact_id", "consents", ["contact_id", sa.text("at DESC"), sa.text("id DESC")])


def _make_erasures() -> None:
    op.create_table(
        "erasures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("parts", postgresql.JSONB(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("fingerprints", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_erasures_member_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
        sa.UniqueConstraint("contact_id", name=op.f("uq_erasures_contact_id")),
        sa.UniqueConstraint("number", name=op.f("uq_erasures_number")),
    )
    op.create_index("ix_erasures_created_at", "erasures", ["created_at", "id"])
    op.create_table(
        "erasure_items",
        sa.Column("erasure_id", sa.Uuid(), nullable=False),
        sa.Column("resource", sa.String(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("fields", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["erasure_id"], ["erasures.id"], name=op.f("fk_erasure_items_erasure_id_erasures"),
            initially="DEFERRED", deferrable=True,
        ),
        sa.PrimaryKeyConstraint("erasure_id", "resource", "record_id", name=op.f("pk_erasure_items")),
    )  # fmt: skip


def _make_holds() -> None:
    op.create_table(
        "privacy_holds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        *_of_every_record(),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name=op.f("fk_privacy_holds_contact_id_contacts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_holds")),
        sa.UniqueConstraint("contact_id", name=op.f("uq_privacy_holds_contact_id")),
    )


def _make_register() -> None:
    texts = ("purpose", "people", "data", "recipients", "retention", "legal_basis")
    op.create_table(
        "processing_activities",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        *(sa.Column(name, sa.String(), server_default="", nullable=False) for name in texts),
        *_of_every_record(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_processing_activities")),
    )
    op.create_table(
        "privacy_settings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("keep_years", sa.Integer(), nullable=False),
        sa.Column("responsible", sa.String(), server_default="", nullable=False),
        sa.Column("public_token", sa.String(), nullable=True),
        *_of_every_record(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_settings")),
    )
    op.create_index("uq_privacy_settings_one", "privacy_settings", [sa.text("(true)")], unique=True)


def _of_every_record() -> list[sa.Column[Any]]:
    return [
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Uuid(), nullable=True),
    ]
