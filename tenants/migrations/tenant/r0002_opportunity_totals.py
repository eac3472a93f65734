"""Keep the board's totals by a trigger, so that they hold for every way of writing (2026-11-21).

Rows are touched in the order of their key: two moves in opposite directions cannot deadlock.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

COUNT_FUNCTION = """
CREATE FUNCTION count_opportunity() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    nobody CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
    undated CONSTANT date := '1970-01-01';
BEGIN
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

TRIGGER = """
CREATE TRIGGER count_opportunity AFTER INSERT OR UPDATE OR DELETE ON opportunities
FOR EACH ROW EXECUTE FUNCTION count_opportunity()
"""


def _run(sql: str) -> None:
    op.execute(sa.text(sql.replace(":", "\\:")))


def upgrade() -> None:
    """Apply."""
    _run(COUNT_FUNCTION)
    _run(TRIGGER)
