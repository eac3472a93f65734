"""Keep the figures of each workspace and of the installation, so that nothing is counted when an operator looks (2026-11-22)."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "tenant_figures",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.Column("failed_jobs", sa.Integer(), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=True),
        _at("taken_at"),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["public.tenants.id"], name=op.f("fk_tenant_figures_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_tenant_figures")),
        schema="public",
    )
    op.create_table(
        "installation_figures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("figures", sa.dialects.postgresql.JSONB(), nullable=False),
        sa.Column("memory", sa.BigInteger(), nullable=True),
        _at("taken_at"),
        sa.CheckConstraint("id = 1", name=op.f("ck_installation_figures_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation_figures")),
        schema="public",
    )
    op.execute("GRANT SELECT ON public.tenant_figures, public.installation_figures TO __runtime_login__")


def _at(name: str) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)
