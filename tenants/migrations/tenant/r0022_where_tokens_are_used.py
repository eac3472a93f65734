"""Know from where a device, or a program, used its token last (2026-11-23)."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("api_tokens", sa.Column("address", sa.String(), nullable=True))
