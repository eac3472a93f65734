"""The audit log is append-only for the tenant's role (2026-11-21)."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.execute("REVOKE UPDATE, DELETE ON audit_log FROM __tenant_role__")
