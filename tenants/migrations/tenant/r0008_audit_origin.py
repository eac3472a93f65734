"""Keep from where and as whom an act was done, and lead filters of the audit log by an index (2026-11-22)."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("audit_log", sa.Column("origin", postgresql.JSONB(), server_default="{}", nullable=False))
    op.create_index("ix_audit_log_member_id_at", "audit_log", ["member_id", "at"])
    op.create_index("ix_audit_log_resource_at", "audit_log", ["resource", "at"])
    op.create_index("ix_audit_log_action_at", "audit_log", ["action", "at"])
