"""Know in which order members keep a seat where a plan has fewer than there are people (2026-11-23).

Who comes in is looked up by one row. Owners come first, then whom an owner chose, then who has been here longest. How
many of them have a seat is the plan's to say: so nothing is written here when a plan changes, and it holds at once.

The order is found anew when a transaction in which people came or went is committed, and not before: by then it holds
all rows it will ever hold, so two that wait for each other here do not also wait for each other's members.
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

# Whatever the transaction's path is when it ends, these are the tables of the schema they were made in.
RANK = """
CREATE FUNCTION rank_seats() RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $body$
BEGIN
    LOCK TABLE member_seats IN SHARE ROW EXCLUSIVE MODE;
    DELETE FROM member_seats AS seat WHERE NOT EXISTS (
        SELECT FROM members AS one WHERE one.id = seat.member_id AND one.status = 'active' AND one.deleted_at IS NULL
    );
    INSERT INTO member_seats AS seat (member_id, place)
    SELECT one.id, row_number() OVER (
        ORDER BY roles.key IS NOT DISTINCT FROM 'owner' DESC, coalesce(former.wanted, false) DESC, one.created_at, one.id
    )
    FROM members AS one JOIN roles ON roles.id = one.role_id
    LEFT JOIN member_seats AS former ON former.member_id = one.id
    WHERE one.status = 'active' AND one.deleted_at IS NULL
    ON CONFLICT (member_id) DO UPDATE SET place = excluded.place WHERE seat.place <> excluded.place;
END
$body$
"""
CHANGED = """
CREATE FUNCTION members_changed() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $body$
DECLARE
    this text = pg_current_xact_id()::text || ' ' || TG_TABLE_SCHEMA;
BEGIN
    IF current_setting('crm.seats_ranked', true) IS DISTINCT FROM this THEN
        PERFORM rank_seats();
        PERFORM set_config('crm.seats_ranked', this, true);
    END IF;
    RETURN NULL;
END
$body$
"""
TRIGGERS = """
CREATE CONSTRAINT TRIGGER rank_seats_of_new AFTER INSERT OR DELETE ON members
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION members_changed();
CREATE CONSTRAINT TRIGGER rank_seats_of_changed AFTER UPDATE OF status, role_id, deleted_at ON members
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
WHEN ((OLD.status, OLD.role_id, OLD.deleted_at) IS DISTINCT FROM (NEW.status, NEW.role_id, NEW.deleted_at))
EXECUTE FUNCTION members_changed()
"""


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "member_seats",
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("wanted", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("told", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_member_seats")),
    )
    for statement in (RANK, CHANGED):
        op.execute(sa.text(statement.replace(":", "\\:")))
    op.execute(TRIGGERS)
    op.execute("SELECT rank_seats()")
