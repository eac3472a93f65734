"""Let a workspace forget old entries of its audit log, which its own role may not delete (2026-11-22)."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# Whose log it is follows from the role the transaction speaks with, never from an argument, as with `defer_job`. Only
# what the workspace's own policy lets go of goes, and nothing younger than half a year whatever that says.
FORGET = """
CREATE OR REPLACE FUNCTION public.forget_audit(batch integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    place text;
    kept integer;
    gone integer;
BEGIN
    SELECT t.schema_name INTO place FROM public.tenants t WHERE t.role_name = current_setting('role');
    IF place IS NULL THEN
        RAISE EXCEPTION 'no tenant has the role %', current_setting('role');
    END IF;
    EXECUTE format('SELECT audit_days FROM %I.policies', place) INTO kept;
    IF kept IS NULL THEN
        RETURN 0;
    END IF;
    EXECUTE format(
        'DELETE FROM %1$I.audit_log WHERE id IN (SELECT id FROM %1$I.audit_log'
        ' WHERE at < now() - make_interval(days => greatest($1, 180)) ORDER BY at LIMIT $2)', place
    ) USING kept, batch;
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END
$body$
"""


def upgrade() -> None:
    """Apply."""
    op.execute(sa.text(FORGET.replace(":", "\\:")))
