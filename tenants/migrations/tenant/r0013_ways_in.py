"""Let a workspace decide who comes in how: sessions, networks, tokens and single sign-on (2026-11-22)."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("policies", sa.Column("session_hours", sa.Integer(), nullable=True))
    op.add_column("policies", sa.Column("idle_minutes", sa.Integer(), nullable=True))
    op.add_column("policies", sa.Column("email_domains", postgresql.ARRAY(sa.String()), nullable=True))
    op.add_column("policies", sa.Column("networks", postgresql.ARRAY(sa.String()), nullable=True))
    op.add_column("api_tokens", sa.Column("kind", sa.String(), server_default="device", nullable=False))
    op.add_column("api_tokens", sa.Column("role_id", sa.Uuid(), nullable=True))
    op.add_column("api_tokens", sa.Column("read_only", sa.Boolean(), server_default="false", nullable=False))
    op.create_foreign_key(op.f("fk_api_tokens_role_id_roles"), "api_tokens", "roles", ["role_id"], ["id"])
    op.create_table(
        "identity_providers",
        *_of_record(),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("client_secret", sa.LargeBinary(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("mandatory", sa.Boolean(), nullable=False),
        sa.Column("domains", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("role_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["role_id"], ["roles.id"], name=op.f("fk_identity_providers_role_id_roles")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_providers")),
    )
    op.create_index("uq_identity_providers_one", "identity_providers", [sa.literal_column("(true)")], unique=True)
    op.create_table(
        "sso_identities",
        *_of_record(),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_sso_identities_member_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sso_identities")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_sso_identities_issuer")),
    )
    op.create_index("ix_sso_identities_member_id", "sso_identities", ["member_id"], unique=False)


def _of_record() -> list[sa.Column[Any]]:
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Uuid(), nullable=True),
    ]
