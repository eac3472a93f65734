"""Keep what was handed over, from whom to whom, so that it can be told and undone (2026-11-22).

And let the board's totals wait while deals are handed over by the thousand: each of them would change the same few
rows again and again, which takes longer than all the rest. Who says `crm.totals = later` sums them up at the end.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

COUNT_FUNCTION = """
CREATE OR REPLACE FUNCTION count_opportunity() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    nobody CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
    undated CONSTANT date := '1970-01-01';
BEGIN
    IF current_setting('crm.totals', true) = 'later' THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'UPDATE' AND (OLD.stage_id, OLD.owner_id, OLD.expected_close, OLD.currency, OLD.amount, OLD.deleted_at)
        IS NOT DISTINCT FROM (NEW.stage_id, NEW.owner_id, NEW.expected_close, NEW.currency, NEW.amount, NEW.deleted_at)
    THEN
        RETURN NULL;
    END IF;
    INSERT INTO opportunity_totals AS t (stage_id, owner_id, month, currency, count, amount)
    SELECT s.stage_id, s.owner_id, s.month, s.currency, sum(s.n), sum(s.n * s.amount)
    FROM (
        SELECT -1 AS n, OLD.stage_id AS stage_id, coalesce(OLD.owner_id, nobody) AS owner_id,
            coalesce(date_trunc('month', OLD.expected_close)::date, undated) AS month,
            OLD.currency AS currency, OLD.amount AS amount
        WHERE TG_OP IN ('UPDATE', 'DELETE') AND OLD.deleted_at IS NULL
        UNION ALL
        SELECT 1, NEW.stage_id, coalesce(NEW.owner_id, nobody),
            coalesce(date_trunc('month', NEW.expected_close)::date, undated), NEW.currency, NEW.amount
        WHERE TG_OP IN ('UPDATE', 'INSERT') AND NEW.deleted_at IS NULL
    ) s
    GROUP BY 1, 2, 3, 4
    ORDER BY 1, 2, 3, 4
    ON CONFLICT (stage_id, owner_id, month, currency)
    DO UPDATE SET count = t.count + excluded.count, amount = t.amount + excluded.amount;
    RETURN NULL;
END
$body$
"""


def upgrade() -> None:
    """Apply."""
    op.execute(sa.text(COUNT_FUNCTION.replace(":", "\\:")))
    op.create_table(
        "hand_overs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("from_id", sa.Uuid(), nullable=False),
        sa.Column("made_by_id", sa.Uuid(), nullable=False),
        sa.Column("note", sa.String(), server_default="", nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["from_id"], ["members.id"], name=op.f("fk_hand_overs_from_id_members")),
        sa.ForeignKeyConstraint(["made_by_id"], ["members.id"], name=op.f("fk_hand_overs_made_by_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hand_overs")),
    )
    op.create_index("ix_hand_overs_from_id", "hand_overs", ["from_id", "created_at"])
    op.create_table(
        "hand_over_items",
        sa.Column("hand_over_id", sa.Uuid(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("resource", sa.String(), nullable=False),
        sa.Column("to_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["hand_over_id"], ["hand_overs.id"], name=op.f("fk_hand_over_items_hand_over_id_hand_overs")
        ),
        sa.ForeignKeyConstraint(["to_id"], ["members.id"], name=op.f("fk_hand_over_items_to_id_members")),
        sa.PrimaryKeyConstraint("hand_over_id", "record_id", name=op.f("pk_hand_over_items")),
    )
    op.create_index("ix_hand_over_items_record_id", "hand_over_items", ["record_id"])
