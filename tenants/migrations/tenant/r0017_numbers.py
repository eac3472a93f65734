"""Let a workspace number its companies, deals and what comes later, as it likes (2026-11-22)."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("policies", sa.Column("numbering", postgresql.JSONB(), nullable=True))
    op.create_table(
        "record_numbers",
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("resource", sa.String(), nullable=False),
        sa.Column("number", sa.Text(collation="C"), nullable=False),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_record_numbers")),
        sa.UniqueConstraint("resource", "number", name=op.f("uq_record_numbers_resource")),
    )
    op.create_table(
        "number_counts",
        sa.Column("resource", sa.String(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("resource", "period", name=op.f("pk_number_counts")),
    )
