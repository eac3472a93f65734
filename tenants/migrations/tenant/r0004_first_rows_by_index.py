"""Lead lists and searches to their first rows by an index (2026-11-22).

All planned activities in the order in which they are due; and from the beginning of a title to its search entry, so
that an exact name is never missed. And what was written last is kept beside the search index in a shorter list, which
every search reads from end to end: 256 kB in place of 4 MB. All is right without it too, and only slower: the release
serves workspaces that do not have it yet.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_index(
        "ix_activities_due_at",
        "activities",
        ["due_at", "id"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL AND deleted_at IS NULL"),
    )
    op.create_index(
        "ix_search_entries_beginning",
        "search_entries",
        [sa.text("""left(kind || ' ' || folded, 80) COLLATE \"C\" """)],
        unique=False,
    )
    op.execute("ALTER INDEX ix_search_entries_grams SET (gin_pending_list_limit = 256)")
