"""Keep the sums that a board adds up by owner without the months of closed deals (2026-11-23).

Who sees a team's or branch's deals has its owners' rows added up for each board. Nobody asks in which months deals were
won or lost: of 30,000 rows by owner, stage and month in a workspace of 500 members, 22,000 are only for that, and grow
by the month. Here closed deals count under no month, and a row that counts nothing any more is taken out.
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

FUNCTION = """
CREATE FUNCTION sum_by_owner() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    nobody CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
    undated CONSTANT date := '1970-01-01';
    former date;
    present date;
BEGIN
    IF current_setting('crm.totals', true) = 'later' THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'UPDATE' AND (
        OLD.stage_id, OLD.owner_id, OLD.status, OLD.expected_close, OLD.currency, OLD.amount, OLD.deleted_at
    ) IS NOT DISTINCT FROM (
        NEW.stage_id, NEW.owner_id, NEW.status, NEW.expected_close, NEW.currency, NEW.amount, NEW.deleted_at
    ) THEN
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' AND OLD.status = 'open' THEN
        former := date_trunc('month', OLD.expected_close)::date;
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.status = 'open' THEN
        present := date_trunc('month', NEW.expected_close)::date;
    END IF;
    INSERT INTO opportunity_owner_sums AS t (owner_id, stage_id, month, currency, count, amount)
    SELECT s.owner_id, s.stage_id, s.month, s.currency, sum(s.n), sum(s.n * s.amount)
    FROM (
        SELECT -1 AS n, coalesce(OLD.owner_id, nobody) AS owner_id, OLD.stage_id AS stage_id,
            coalesce(former, undated) AS month, OLD.currency AS currency, OLD.amount AS amount
        WHERE TG_OP IN ('UPDATE', 'DELETE') AND OLD.deleted_at IS NULL
        UNION ALL
        SELECT 1, coalesce(NEW.owner_id, nobody), NEW.stage_id, coalesce(present, undated), NEW.currency, NEW.amount
        WHERE TG_OP IN ('UPDATE', 'INSERT') AND NEW.deleted_at IS NULL
    ) s
    GROUP BY 1, 2, 3, 4
    ORDER BY 1, 2, 3, 4
    ON CONFLICT (owner_id, stage_id, month, currency)
    DO UPDATE SET count = t.count + excluded.count, amount = t.amount + excluded.amount;
    IF TG_OP IN ('UPDATE', 'DELETE') AND OLD.deleted_at IS NULL THEN
        DELETE FROM opportunity_owner_sums WHERE owner_id = coalesce(OLD.owner_id, nobody) AND stage_id = OLD.stage_id
            AND month = coalesce(former, undated) AND currency = OLD.currency AND count = 0 AND amount = 0;
    END IF;
    RETURN NULL;
END
$body$
"""
TRIGGER = """
CREATE TRIGGER sum_by_owner AFTER INSERT OR UPDATE OR DELETE ON opportunities
FOR EACH ROW EXECUTE FUNCTION sum_by_owner()
"""
SUM_UP = """
INSERT INTO opportunity_owner_sums (owner_id, stage_id, month, currency, count, amount)
SELECT t.owner_id, t.stage_id, CASE s.kind WHEN 'open' THEN t.month ELSE '1970-01-01' END, t.currency,
    sum(t.count), sum(t.amount)
FROM opportunity_totals t JOIN stages s ON s.id = t.stage_id
GROUP BY 1, 2, 3, 4 HAVING sum(t.count) <> 0 OR sum(t.amount) <> 0
"""


def upgrade() -> None:
    """Apply. The trigger comes first: it waits until nobody is in the middle of changing a deal."""
    op.create_table(
        "opportunity_owner_sums",
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("stage_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("amount", sa.Numeric(24, 3), nullable=False),
        sa.PrimaryKeyConstraint("owner_id", "stage_id", "month", "currency", name=op.f("pk_opportunity_owner_sums")),
    )
    for statement in (FUNCTION, TRIGGER, SUM_UP):
        op.execute(sa.text(statement.replace(":", "\\:")))
