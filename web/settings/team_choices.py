"""Teams as selects offer them: in the order of the tree, those below a team set in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from saas_crm.access.invitations import may_offer
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.queries import teams
from saas_crm.access.team_names import name_key
from saas_crm.access.teams import in_order
from tenants.db import AnyRow

STEP = "\u2003"


def paths_of(rows: Sequence[AnyRow]) -> dict[UUID, str]:
    """Return the names of the teams above each one, "" for those at the top."""
    names = {row.id: row.name for row in rows}
    return {row.id: " › ".join(names[one] for one in row.path[:-1] if one in names) for row in rows}


def places(*, but: UUID) -> list[tuple[str, str, int, str]]:
    """Return id, name, depth and path of the teams under which another may be put: all but itself and those below."""
    rows = [row for row in teams() if but not in row.path]
    paths = paths_of(rows)
    return [(str(row.id), row.name, depth, paths[row.id]) for row, depth in in_order(rows)]


def team_choices(*, but: UUID | None = None, inviting: CurrentMember | None = None) -> list[tuple[str, str]]:
    """Return id and name of the teams: without one and all below it (`but`), or those a member may invite into."""
    rows = [row for row in teams() if but is None or but not in row.path]
    if inviting is not None:
        rows = [row for row in rows if may_offer(row, inviting)]
    twice = {key for key, count in Counter(name_key(row.name) for row in rows).items() if count > 1}
    paths = paths_of(rows) if twice else {}
    return [
        (str(row.id), STEP * depth + row.name + _where(paths.get(row.id, "") if name_key(row.name) in twice else ""))
        for row, depth in in_order(rows)
    ]


def _where(path: str) -> str:
    """Return what tells a team from another one of its name: what it is part of."""
    return f" ({path})" if path else ""
