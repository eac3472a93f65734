"""What teams are called: two under one parent never the same, and no longer than a list can show."""

from __future__ import annotations

import unicodedata
from uuid import UUID

from sqlalchemy import select

from saas_crm.access.models import Team
from saas_crm.core.errors import InvalidInput
from saas_crm.core.i18n import gettext as _
from tenants.db import fetch

LONGEST = 120


def name_key(name: str) -> str:
    """Return what makes two names the same: capitals, the width of letters and spaces make no difference."""
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).split())


def check_name(name: str, parent_id: UUID | None, *, but: UUID | None = None, field: str = "name") -> None:
    """Refuse a name that is too long, or that another team under the same parent has. Raises InvalidInput for `field`.

    Whoever calls it holds the tree, so that nobody adds one meanwhile.
    """
    if field == "name" and len(name) > LONGEST:
        raise InvalidInput({field: _("At most %(max_length)s characters.", max_length=LONGEST)}, {field: "invalid"})
    beside = select(Team.id, Team.name).where(Team.parent_id.is_not_distinct_from(parent_id), Team.deleted_at.is_(None))
    wanted = name_key(name)
    if any(name_key(row.name) == wanted for row in fetch(beside) if row.id != but):
        raise InvalidInput({field: _taken(name, field)}, {field: "taken"})


def check_moved_up(team_id: UUID, parent_id: UUID) -> None:
    """Refuse to put the teams below one beside teams that are called the same. Raises InvalidInput."""
    below = fetch(select(Team.id, Team.name).where(Team.parent_id == team_id)).all()
    beside = fetch(select(Team.name).where(Team.parent_id == parent_id, Team.id != team_id)).all()
    taken = {name_key(row.name) for row in beside}
    for row in below:
        if name_key(row.name) in taken:
            raise InvalidInput({"": _taken(row.name, "parent_id")}, {"": "taken"})


def _taken(name: str, field: str) -> str:
    if field == "name":
        return _("There is a team of this name there already.")
    return _("There is a team called “%(name)s” there already. Rename one of them first.", name=name)
