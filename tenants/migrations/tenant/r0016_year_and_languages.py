"""Let a workspace say when its financial year begins and which languages it offers (2026-11-22)."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("policies", sa.Column("fiscal_month", sa.SmallInteger(), nullable=True))
    op.add_column("policies", sa.Column("languages", postgresql.ARRAY(sa.String()), nullable=True))
