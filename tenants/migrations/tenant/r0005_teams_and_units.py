"""Give teams a manager, helpers and closed units, and members working hours and a substitute (2026-11-22)."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("teams", sa.Column("manager_id", sa.Uuid(), nullable=True))
    op.add_column("teams", sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_foreign_key("fk_teams_manager_id_members", "teams", "members", ["manager_id"], ["id"])
    op.add_column("members", sa.Column("working_hours", postgresql.JSONB(), nullable=True))
    op.add_column("members", sa.Column("substitute_id", sa.Uuid(), nullable=True))
    op.create_foreign_key("fk_members_substitute_id_members", "members", "members", ["substitute_id"], ["id"])
    for name in ("team_helpers", "unit_guests"):
        _beside_a_team(name)


def _beside_a_team(name: str) -> None:
    op.create_table(
        name,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f(f"fk_{name}_team_id_teams"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f(f"fk_{name}_member_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("team_id", "member_id", name=f"uq_{name}_team_id"),
    )
    op.create_index(f"ix_{name}_member_id", name, ["member_id"])
