"""Teams as selects offer them: in the order of the tree, those below a team set in."""

from __future__ import annotations

from uuid import UUID

from saas_crm.access.queries import teams
from saas_crm.access.teams import in_order

STEP = "\u2003"


def team_choices(*, but: UUID | None = None) -> list[tuple[str, str]]:
    """Return id and name of the teams; `but` leaves a team out with all below it."""
    rows = [row for row in teams() if but is None or but not in row.path]
    return [(str(row.id), STEP * depth + row.name) for row, depth in in_order(rows)]
