"""Know why a workspace may not be worked in, when it ends, and keep its archives for a while (2026-11-22)."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# Which workspace it is follows from the role the transaction speaks with, as with `defer_job`; so a request that finds
# its member learns in the same statement whether the workspace is open, whatever its process remembers.
STANDING = """
CREATE OR REPLACE FUNCTION public.standing() RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    place uuid;
    found text;
BEGIN
    SELECT t.id, t.status INTO place, found FROM public.tenants t WHERE t.role_name = current_setting('role');
    IF found = 'active' THEN
        RETURN found;
    END IF;
    RETURN found || coalesce((
        SELECT string_agg(' ' || s.cause || '=' || s.kind, '' ORDER BY s.cause) FROM public.suspensions s
        WHERE s.tenant_id = place), '');
END
$body$
"""


def upgrade() -> None:
    """Apply."""
    op.execute(
        "ALTER TABLE public.tenants DROP CONSTRAINT ck_tenants_status, ADD CONSTRAINT ck_tenants_status"
        " CHECK (status IN ('making', 'spare', 'active', 'read_only', 'suspended', 'closed')) NOT VALID"
    )
    op.execute("ALTER TABLE public.tenants VALIDATE CONSTRAINT ck_tenants_status")
    op.create_table(
        "suspensions",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), server_default="", nullable=False),
        sa.Column("ask", sa.String(), server_default="", nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        _at("since"),
        sa.CheckConstraint("kind IN ('read_only', 'closed')", name=op.f("ck_suspensions_kind")),
        _of_a_tenant("suspensions"),
        sa.PrimaryKeyConstraint("tenant_id", "cause", name=op.f("pk_suspensions")),
        schema="public",
    )
    op.create_table(
        "tenant_deletions",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        _at("asked_at"),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reminded", sa.Integer(), nullable=True),
        _of_a_tenant("tenant_deletions"),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_tenant_deletions")),
        schema="public",
    )
    op.create_table(
        "deletion_certificates",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        _at("deleted_at"),
        sa.Column("counts", sa.dialects.postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deletion_certificates")),
        schema="public",
    )
    _archives()
    op.execute(
        "GRANT SELECT, INSERT, UPDATE, DELETE ON public.suspensions, public.tenant_deletions TO __runtime_login__"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON public.archives, public.archive_pieces TO __runtime_login__")
    op.execute("GRANT SELECT ON public.deletion_certificates TO __runtime_login__")
    op.execute(sa.text(STANDING))


def _archives() -> None:
    op.create_table(
        "archives",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        _at("asked_at"),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("rows", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        _of_a_tenant("archives"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archives")),
        schema="public",
    )
    op.create_index("ix_archives_tenant_id", "archives", ["tenant_id", "asked_at"], unique=False, schema="public")
    op.create_table(
        "archive_pieces",
        sa.Column("archive_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["archive_id"], ["public.archives.id"], name=op.f("fk_archive_pieces_archive_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("archive_id", "number", name=op.f("pk_archive_pieces")),
        schema="public",
    )
    # They are packed already.
    op.execute("ALTER TABLE public.archive_pieces ALTER COLUMN content SET STORAGE EXTERNAL")


def _at(name: str) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)


def _of_a_tenant(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id"], ["public.tenants.id"], name=op.f(f"fk_{table}_tenant_id"), ondelete="CASCADE"
    )
