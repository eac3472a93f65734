"""Keep from where and as whom an act was done, and lead filters of the audit log by an index (2026-11-22)."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


# The tenant's role may not delete from the log; this function may, for it, and only what the workspace's own policy
# lets go of and what is older than half a year.
FORGET = """
CREATE FUNCTION forget_audit(batch integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    kept integer;
    gone integer;
BEGIN
    SELECT audit_days INTO kept FROM __tenant_schema__.policies;
    IF kept IS NULL THEN
        RETURN 0;
    END IF;
    DELETE FROM __tenant_schema__.audit_log WHERE id IN (
        SELECT id FROM __tenant_schema__.audit_log
        WHERE at < now() - make_interval(days => greatest(kept, 180)) ORDER BY at LIMIT batch
    );
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END $$
"""


def upgrade() -> None:
    """Apply."""
    op.add_column("audit_log", sa.Column("origin", postgresql.JSONB(), server_default="{}", nullable=False))
    op.create_index("ix_audit_log_member_id_at", "audit_log", ["member_id", "at"])
    op.create_index("ix_audit_log_resource_at", "audit_log", ["resource", "at"])
    op.create_index("ix_audit_log_action_at", "audit_log", ["action", "at"])
    op.execute(FORGET)
    op.execute("REVOKE ALL ON FUNCTION forget_audit(integer) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION forget_audit(integer) TO __tenant_role__")
