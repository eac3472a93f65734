"""Find the first job of a queue without reading the others that wait in it (2026-11-23)."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.execute(
        "CREATE INDEX jobs_in_turn ON jobs.procrastinate_jobs (queue_name, priority DESC, id) WHERE status = 'todo'"
    )
