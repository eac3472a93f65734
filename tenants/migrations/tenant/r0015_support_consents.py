"""Let a workspace allow operators to look in, for a while and with a reason (2026-11-22)."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "support_consents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_support_consents_member_id")),
        sa.ForeignKeyConstraint(["withdrawn_by_id"], ["members.id"], name=op.f("fk_support_consents_withdrawn_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_support_consents")),
    )
    op.create_index("ix_support_consents_member_id", "support_consents", ["member_id"], unique=False)
