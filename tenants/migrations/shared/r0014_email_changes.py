"""Let people change the address they sign in with, and take it back for a week (2026-11-23)."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

# Whoever writes an address, by whatever way: as long as its former holder can have it back, it is as good as taken.
REFUSE = """
CREATE FUNCTION public.refuse_former_email() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
    IF EXISTS (
        SELECT FROM public.email_changes c
        WHERE c.old_email = NEW.email AND c.user_id <> NEW.id AND c.confirmed_at IS NOT NULL
            AND c.undo_hash IS NOT NULL AND c.undone_at IS NULL AND c.undo_until > now()
    ) THEN
        RAISE EXCEPTION 'an address that was somebody else''s until lately'
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'former_emails';
    END IF;
    RETURN NEW;
END
$body$
"""


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "email_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("old_email", sa.String(), nullable=False),
        sa.Column("new_email", sa.String(), nullable=False),
        sa.Column("old_confirmed", sa.Boolean(), nullable=False),
        sa.Column("password_digest", sa.LargeBinary(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=True),
        sa.Column("stop_hash", sa.LargeBinary(), nullable=True),
        sa.Column("undo_hash", sa.LargeBinary(), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undo_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["public.users.id"], name=op.f("fk_email_changes_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_changes")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_email_changes_token_hash")),
        sa.UniqueConstraint("stop_hash", name=op.f("uq_email_changes_stop_hash")),
        sa.UniqueConstraint("undo_hash", name=op.f("uq_email_changes_undo_hash")),
        schema="public",
    )
    op.create_index("ix_email_changes_user_id", "email_changes", ["user_id"], unique=False, schema="public")
    op.create_index("ix_email_changes_old_email", "email_changes", ["old_email"], unique=False, schema="public")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON public.email_changes TO __runtime_login__")
    op.execute(sa.text(REFUSE))
    op.execute(
        "CREATE TRIGGER refuse_former_email BEFORE INSERT OR UPDATE OF email ON public.users"
        " FOR EACH ROW EXECUTE FUNCTION public.refuse_former_email()"
    )
