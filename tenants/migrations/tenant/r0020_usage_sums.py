"""Know how many customers there are, and how many mails went out in a day, without counting them (2026-11-23).

What a plan limits is asked for with every customer that is made. As with the board's sums a change only adds a summand
(`r0012`): nobody waits for anybody, and one change in some hundreds puts the sum of those nobody holds in their place.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

# A UUIDv7, as everywhere (RFC 9562, 5.7); PostgreSQL makes them itself from version 18 on.
KEY = (
    "encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) PLACING substring(int8send("
    "(extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid"
)
ADD = """
CREATE FUNCTION add_usage(what text, more bigint) RETURNS void LANGUAGE plpgsql AS $body$
BEGIN
    IF more = 0 THEN
        RETURN;
    END IF;
    INSERT INTO usage_sums (kind, amount) VALUES (what, more);
    IF random() < 0.004 THEN
        WITH taken AS (
            DELETE FROM usage_sums WHERE id = ANY(ARRAY(
                SELECT id FROM usage_sums WHERE kind = what AND day IS NULL LIMIT 2000 FOR UPDATE SKIP LOCKED
            )) RETURNING amount
        )
        INSERT INTO usage_sums (kind, amount) SELECT what, sum(amount) FROM taken HAVING sum(amount) <> 0;
    END IF;
END
$body$
"""
MADE = """
CREATE FUNCTION count_customers_made() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    PERFORM add_usage('customers', (SELECT count(*) FROM made WHERE deleted_at IS NULL));
    RETURN NULL;
END
$body$
"""
GONE = """
CREATE FUNCTION count_customers_gone() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    PERFORM add_usage('customers', -(SELECT count(*) FROM gone WHERE deleted_at IS NULL));
    RETURN NULL;
END
$body$
"""
RECYCLED = """
CREATE FUNCTION count_customer_recycled() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    PERFORM add_usage('customers', CASE WHEN NEW.deleted_at IS NULL THEN 1 ELSE -1 END);
    RETURN NULL;
END
$body$
"""
TRIGGERS = """
CREATE TRIGGER count_customers_made AFTER INSERT ON {table} REFERENCING NEW TABLE AS made
FOR EACH STATEMENT EXECUTE FUNCTION count_customers_made();
CREATE TRIGGER count_customers_gone AFTER DELETE ON {table} REFERENCING OLD TABLE AS gone
FOR EACH STATEMENT EXECUTE FUNCTION count_customers_gone();
CREATE TRIGGER count_customer_recycled AFTER UPDATE OF deleted_at ON {table} FOR EACH ROW
WHEN ((OLD.deleted_at IS NULL) IS DISTINCT FROM (NEW.deleted_at IS NULL)) EXECUTE FUNCTION count_customer_recycled()
"""
SUM_UP = """
INSERT INTO usage_sums (kind, amount)
SELECT 'customers', (SELECT count(*) FROM companies WHERE deleted_at IS NULL)
    + (SELECT count(*) FROM contacts WHERE deleted_at IS NULL)
"""


def upgrade() -> None:
    """Apply. The triggers come first: they wait until nobody is in the middle of changing a customer."""
    op.create_table(
        "usage_sums",
        sa.Column("id", sa.Uuid(), server_default=sa.text(KEY.replace(":", "\\:")), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage_sums")),
    )
    for function in (ADD, MADE, GONE, RECYCLED):
        op.execute(sa.text(function.replace(":", "\\:")))
    for table in ("companies", "contacts"):
        op.execute(TRIGGERS.replace("{table}", table))
    op.execute(SUM_UP)
