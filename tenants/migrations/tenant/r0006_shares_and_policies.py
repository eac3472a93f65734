"""Keep who a record is shared with, and what a workspace decided for all (2026-11-22)."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "shares",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("resource", sa.String(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        *_of_every_record(),
        sa.CheckConstraint("level IN ('read', 'edit')", name=op.f("ck_shares_level")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_shares_member_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shares")),
        sa.UniqueConstraint("record_id", "member_id", name="uq_shares_record_id"),
    )
    op.create_index("ix_shares_member_id", "shares", ["member_id", "resource"])
    op.create_table(
        "policies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("children_follow", sa.Boolean(), nullable=False),
        sa.Column("audit_days", sa.Integer(), nullable=True),
        *_of_every_record(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policies")),
    )
    op.create_index("uq_policies_one", "policies", [sa.text("(true)")], unique=True)


def _of_every_record() -> list[sa.Column[Any]]:
    return [
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Uuid(), nullable=True),
    ]
