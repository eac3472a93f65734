"""Know whose former data it is that a restore in place put aside, so that it goes with its workspace (2026-11-22)."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# Until now only the address said it.
KNOWN_BY_ADDRESS = r"""
UPDATE public.tenants f SET former_of = t.id FROM public.tenants t
WHERE f.status = 'closed' AND f.slug ~ '-former-[0-9a-f]{6}$' AND t.status <> 'closed'
    AND t.slug = regexp_replace(f.slug, '-former-[0-9a-f]{6}$', '')
"""


def upgrade() -> None:
    """Apply."""
    op.add_column("tenants", sa.Column("former_of", sa.Uuid(), nullable=True), schema="public")
    op.create_foreign_key(
        op.f("fk_tenants_former_of"), "tenants", "tenants", ["former_of"], ["id"], source_schema="public",
        referent_schema="public", ondelete="SET NULL",
    )  # fmt: skip
    op.execute(sa.text(KNOWN_BY_ADDRESS))
