"""Teams as selects offer them: in the order of the tree, those below a team set in."""

from __future__ import annotations

from uuid import UUID

from saas_crm.access.invitations import may_offer
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.queries import teams
from saas_crm.access.teams import in_order

STEP = "\u2003"


def team_choices(*, but: UUID | None = None, inviting: CurrentMember | None = None) -> list[tuple[str, str]]:
    """Return id and name of the teams: without one and all below it (`but`), or those a member may invite into."""
    rows = [row for row in teams() if but is None or but not in row.path]
    if inviting is not None:
        rows = [row for row in rows if may_offer(row, inviting)]
    return [(str(row.id), STEP * depth + row.name) for row, depth in in_order(rows)]
