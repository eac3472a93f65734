"""Keep the board's sums of all owners, too, as summands that nobody has to wait for (2026-11-22).

By owner there is a row for each owner, stage and month: with 500 members 30,000 of them, too many to add up for each
board of who sees everybody's deals. One row for all owners would make every two moves wait for each other. So a change
only adds a row with what it brings or takes away, and one in some hundreds adds up the rows it finds unlocked and puts
their sum in their place: nobody waits, nothing deadlocks, and a board reads a few hundred rows.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# A UUIDv7, as everywhere (RFC 9562, 5.7); PostgreSQL makes them itself from version 18 on.
KEY = (
    "encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) PLACING substring(int8send("
    "(extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid"
)
FUNCTION = """
CREATE FUNCTION sum_opportunity() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    undated CONSTANT date := '1970-01-01';
BEGIN
    IF TG_OP = 'UPDATE' AND (OLD.stage_id, OLD.expected_close, OLD.currency, OLD.amount, OLD.deleted_at)
        IS NOT DISTINCT FROM (NEW.stage_id, NEW.expected_close, NEW.currency, NEW.amount, NEW.deleted_at)
    THEN
        RETURN NULL;
    END IF;
    INSERT INTO opportunity_sums (stage_id, month, currency, count, amount)
    SELECT OLD.stage_id, coalesce(date_trunc('month', OLD.expected_close)::date, undated), OLD.currency, -1, -OLD.amount
    WHERE TG_OP IN ('UPDATE', 'DELETE') AND OLD.deleted_at IS NULL
    UNION ALL
    SELECT NEW.stage_id, coalesce(date_trunc('month', NEW.expected_close)::date, undated), NEW.currency, 1, NEW.amount
    WHERE TG_OP IN ('UPDATE', 'INSERT') AND NEW.deleted_at IS NULL;
    IF random() < 0.004 THEN
        WITH taken AS (
            DELETE FROM opportunity_sums WHERE id = ANY(ARRAY(
                SELECT id FROM opportunity_sums LIMIT 2000 FOR UPDATE SKIP LOCKED
            )) RETURNING stage_id, month, currency, count, amount
        )
        INSERT INTO opportunity_sums (stage_id, month, currency, count, amount)
        SELECT stage_id, month, currency, sum(count), sum(amount) FROM taken
        GROUP BY 1, 2, 3 HAVING sum(count) <> 0 OR sum(amount) <> 0;
    END IF;
    RETURN NULL;
END
$body$
"""
TRIGGER = """
CREATE TRIGGER sum_opportunity AFTER INSERT OR UPDATE OR DELETE ON opportunities
FOR EACH ROW EXECUTE FUNCTION sum_opportunity()
"""
SUM_UP = """
INSERT INTO opportunity_sums (stage_id, month, currency, count, amount)
SELECT stage_id, month, currency, sum(count), sum(amount) FROM opportunity_totals
GROUP BY 1, 2, 3 HAVING sum(count) <> 0 OR sum(amount) <> 0
"""


def upgrade() -> None:
    """Apply. The trigger comes first: it waits until nobody is in the middle of changing a deal."""
    op.create_table(
        "opportunity_sums",
        sa.Column("id", sa.Uuid(), server_default=sa.text(KEY.replace(":", "\\:")), nullable=False),
        sa.Column("stage_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("amount", sa.Numeric(24, 3), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opportunity_sums")),
    )
    for statement in (FUNCTION, TRIGGER, SUM_UP):
        op.execute(sa.text(statement.replace(":", "\\:")))
