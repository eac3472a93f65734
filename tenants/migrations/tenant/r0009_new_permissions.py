"""Give the built-in roles the permissions that came with teams, shares, hand-overs and the audit log (2026-11-22)."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

EVERYTHING = """
UPDATE roles SET permissions = '{"company:share": "all", "contact:share": "all", "opportunity:share": "all",
    "activity:export": "all", "member:view_as": "all", "hand_over:read": "all", "hand_over:create": "all",
    "audit:export": "all"}' || permissions
WHERE key IN ('owner', 'admin')
"""
BELOW = """
UPDATE roles SET permissions = '{"company:share": "subtree", "contact:share": "subtree",
    "opportunity:share": "subtree", "activity:export": "subtree", "hand_over:read": "subtree",
    "hand_over:create": "subtree"}' || permissions
WHERE key = 'manager'
"""
OWN = """
UPDATE roles SET permissions = '{"company:share": "own", "contact:share": "own", "opportunity:share": "own"}'
    || permissions
WHERE key = 'rep'
"""


def upgrade() -> None:
    """Apply."""
    for sql in (EVERYTHING, BELOW, OWN):
        op.execute(sa.text(sql.replace(":", "\\:")))
