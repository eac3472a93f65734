"""Keep what was handed over, from whom to whom, so that it can be told and undone (2026-11-22)."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "hand_overs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("from_id", sa.Uuid(), nullable=False),
        sa.Column("made_by_id", sa.Uuid(), nullable=False),
        sa.Column("note", sa.String(), server_default="", nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["from_id"], ["members.id"], name=op.f("fk_hand_overs_from_id_members")),
        sa.ForeignKeyConstraint(["made_by_id"], ["members.id"], name=op.f("fk_hand_overs_made_by_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hand_overs")),
    )
    op.create_index("ix_hand_overs_from_id", "hand_overs", ["from_id", "created_at"])
    op.create_table(
        "hand_over_items",
        sa.Column("hand_over_id", sa.Uuid(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("resource", sa.String(), nullable=False),
        sa.Column("to_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["hand_over_id"], ["hand_overs.id"], name=op.f("fk_hand_over_items_hand_over_id_hand_overs")
        ),
        sa.ForeignKeyConstraint(["to_id"], ["members.id"], name=op.f("fk_hand_over_items_to_id_members")),
        sa.PrimaryKeyConstraint("hand_over_id", "record_id", name=op.f("pk_hand_over_items")),
    )
    op.create_index("ix_hand_over_items_record_id", "hand_over_items", ["record_id"])
