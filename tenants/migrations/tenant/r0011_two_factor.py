"""Know of members whether they have two-factor sign-in, and let a workspace ask for it (2026-11-22)."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("members", sa.Column("two_factor", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("policies", sa.Column("two_factor_from", sa.DateTime(timezone=True), nullable=True))
    op.add_column("policies", sa.Column("two_factor_roles", postgresql.ARRAY(sa.Uuid()), nullable=True))
