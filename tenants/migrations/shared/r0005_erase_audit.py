"""Let a workspace blank what its audit log says of an erased person, which its own role may not change (2026-11-22)."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Whose log it is follows from the role the transaction speaks with, as with `forget_audit`. Only for an erasure of
# this very transaction, whose certificate nobody can take away again, and only in the records and fields it names:
# never a row, never who did what and when, and nothing of members, roles, sharing and decisions of the workspace.
ERASE = """
CREATE OR REPLACE FUNCTION public.erase_audit(erasure uuid) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    place text;
    known boolean;
    blanked integer;
BEGIN
    SELECT t.schema_name INTO place FROM public.tenants t WHERE t.role_name = current_setting('role');
    IF place IS NULL THEN
        RAISE EXCEPTION 'no tenant has the role %', current_setting('role');
    END IF;
    EXECUTE format('SELECT EXISTS (SELECT FROM %I.erasures WHERE id = $1 AND created_at = now())', place)
        INTO known USING erasure;
    IF NOT known THEN
        RAISE EXCEPTION 'no erasure of this transaction has this id';
    END IF;
    EXECUTE format(
        'UPDATE %1$I.audit_log a SET changes = ('
        '  SELECT coalesce(jsonb_object_agg(c.key, CASE WHEN c.key <> ALL (i.fields) THEN c.value'
        '    WHEN jsonb_typeof(c.value) <> ''array'' THEN ''"***"'''
        '    ELSE (SELECT coalesce(jsonb_agg(CASE WHEN v.value IN (''null'', ''""'', ''[]'') THEN v.value'
        '      ELSE ''"***"'' END ORDER BY v.place), ''[]'')'
        '      FROM jsonb_array_elements(c.value) WITH ORDINALITY v (value, place)) END), ''{}'')'
        '  FROM jsonb_each(a.changes) c (key, value))'
        ' FROM %1$I.erasure_items i'
        ' WHERE i.erasure_id = $1 AND a.record_id = i.record_id AND a.resource = i.resource'
        '  AND jsonb_exists_any(a.changes, i.fields)'
        '  AND i.resource NOT IN (''member'', ''role'', ''team'', ''team_helper'', ''unit_guest'', ''share'','
        '   ''policy'', ''privacy_settings'', ''hand_over'', ''invitation'', ''token'', ''workspace'','
        '   ''session'', ''audit'', ''pipeline'')', place
    ) USING erasure;
    GET DIAGNOSTICS blanked = ROW_COUNT;
    RETURN blanked;
END
$body$
"""


def upgrade() -> None:
    """Apply."""
    op.execute(sa.text(ERASE.replace(":", "\\:")))
