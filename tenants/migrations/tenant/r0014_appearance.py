"""Let a workspace have a logo and an accent colour of its own (2026-11-22)."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("policies", sa.Column("accent", sa.String(), nullable=True))
    op.add_column("policies", sa.Column("logo_digest", sa.String(), nullable=True))
    op.add_column("policies", sa.Column("logo", sa.LargeBinary(), nullable=True))
