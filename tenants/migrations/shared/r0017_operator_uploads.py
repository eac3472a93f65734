"""Keep an archive's file that an operator sends in pieces until the worker has restored it (2026-11-23)."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "operator_uploads",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("operator_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("piece_size", sa.Integer(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["public.operators.id"], name=op.f("fk_operator_uploads_operator_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operator_uploads")),
        schema="public",
    )
    op.create_index(
        "ix_operator_uploads_operator_id", "operator_uploads", ["operator_id"], unique=False, schema="public"
    )
    op.create_table(
        "operator_upload_pieces",
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["upload_id"],
            ["public.operator_uploads.id"],
            name=op.f("fk_operator_upload_pieces_upload_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("upload_id", "number", name=op.f("pk_operator_upload_pieces")),
        schema="public",
    )
    # Archives are compressed already.
    op.execute("ALTER TABLE public.operator_upload_pieces ALTER COLUMN content SET STORAGE EXTERNAL")
    op.execute(
        "GRANT SELECT, INSERT, DELETE ON public.operator_uploads, public.operator_upload_pieces TO __runtime_login__"
    )
