"""Note under which rules a tenant's search entries were written, so that old ones are renewed (2026-11-22)."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "tenants", sa.Column("search_rules", sa.Integer(), server_default="0", nullable=False), schema="public"
    )
    op.add_column(
        "tenants", sa.Column("search_renewing_at", sa.DateTime(timezone=True), nullable=True), schema="public"
    )
    op.execute("GRANT UPDATE (search_rules, search_renewing_at) ON public.tenants TO __runtime_login__")
