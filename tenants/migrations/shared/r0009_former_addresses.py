"""Keep the former addresses of workspaces for a while, so that links lead on and nobody else takes them (2026-11-22)."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# Whoever writes a slug, by whatever way: one that led to somebody else until lately is as good as taken.
REFUSE = """
CREATE FUNCTION public.refuse_former_slug() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
    IF EXISTS (
        SELECT FROM public.former_slugs f WHERE f.slug = NEW.slug AND f.tenant_id <> NEW.id AND f.until > now()
    ) THEN
        RAISE EXCEPTION 'the slug % led to another workspace until lately', NEW.slug
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'former_slugs';
    END IF;
    RETURN NEW;
END
$body$
"""


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "former_slugs",
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["public.tenants.id"], name=op.f("fk_former_slugs_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_former_slugs")),
        schema="public",
    )
    op.create_index("ix_former_slugs_tenant_id", "former_slugs", ["tenant_id"], unique=False, schema="public")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON public.former_slugs TO __runtime_login__")
    op.execute(sa.text(REFUSE))
    op.execute(
        "CREATE TRIGGER refuse_former_slug BEFORE INSERT OR UPDATE OF slug ON public.tenants"
        " FOR EACH ROW EXECUTE FUNCTION public.refuse_former_slug()"
    )
