"""Know from where a token was used last, and when its person last proved who they are by it (2026-11-23)."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("api_tokens", sa.Column("address", sa.String(), nullable=True))
    op.add_column("api_tokens", sa.Column("proved_at", sa.DateTime(timezone=True), nullable=True))
