"""Note since when a workspace's identity provider is trusted (2026-11-22)."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("identity_providers", sa.Column("trusted_from", sa.DateTime(timezone=True), nullable=True))
