"""Seeing the workspace as another member does: who may, whom, and the two lines it leaves in the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from saas_crm.access.models import Team
from saas_crm.access.permissions import CurrentMember, Scope
from saas_crm.access.queries import member_by_id
from saas_crm.access.role_rules import OWNER, beyond
from saas_crm.core.audit import act_as, acting, record_act
from saas_crm.core.clock import now
from saas_crm.core.errors import Forbidden, InvalidInput, NotFound
from saas_crm.core.i18n import gettext as _
from tenants.db import db, fetch

LONGEST = timedelta(minutes=30)
PERMISSION = "member:view_as"


def begin(member_id: UUID, *, actor: CurrentMember) -> tuple[CurrentMember, datetime]:
    """Note that the actor looks as a member from now on; returns the member and until when at most.

    Raises Forbidden (also for an owner, unless the actor is one), NotFound, and InvalidInput for oneself.
    """
    actor.require(PERMISSION)
    seen = member_by_id(member_id)
    if seen.id == actor.id:
        raise InvalidInput({"": _("This is you.")})
    if not may_view(actor, seen):
        raise Forbidden(PERMISSION)
    seen = _without_shares(actor, seen)
    until = now() + LONGEST
    _note("view_as", seen.id, {"until": [None, until.isoformat()]})
    return seen, until


def note_end(member_id: UUID, why: str) -> None:
    """Note that somebody no longer looks as this member: "left", "time" or "rights"."""
    _note("view_as_end", member_id, {"why": [None, why]})


def _note(action: str, member_id: UUID, changes: dict[str, Any]) -> None:
    """Write a line in the name of who really reads; its origin says as whom, as that of all they do meanwhile."""
    actor = acting(db.session())
    act_as(db.session(), replace(actor, origin={**actor.origin, "as": str(member_id)}))
    record_act(db.session(), action, "member", member_id, changes)
    act_as(db.session(), actor)


def still_seen(member_id: UUID, actor: CurrentMember) -> CurrentMember | None:
    """Return the member as they are now, or None if the actor may not look as them any more."""
    try:
        seen = member_by_id(member_id)
    except NotFound:
        return None
    return _without_shares(actor, seen) if may_view(actor, seen) else None


def may_view(actor: CurrentMember, seen: CurrentMember) -> bool:
    """Whether the actor may look as a member: with the permission, and as nobody who may or sees more than they do.

    More is an owner's or any other role beyond the actor's, what stands behind a closed unit, and what is owned
    outside the teams that the actor's own scopes reach.
    """
    if not actor.can(PERMISSION) or actor.id == seen.id:
        return False
    if actor.role_key == OWNER:
        return True
    further = beyond(seen.permissions, {}, actor.permissions)
    return (
        seen.role_key != OWNER and not further and set(actor.walls) <= set(seen.walls)
        and _reaches(_scopes(actor, seen), actor, seen)
    )  # fmt: skip


def may_view_all(actor: CurrentMember, role_key: str | None, permissions: Mapping[str, str]) -> bool | None:
    """Whether the actor, who reaches everything, may look as somebody with this role; None where it takes a look."""
    if not actor.can(PERMISSION):
        return False
    if actor.role_key == OWNER:
        return True
    if actor.walls or any(actor.scope(name) != "all" for name in permissions if name.endswith(":read")):
        return None
    return role_key != OWNER and not beyond(permissions, {}, actor.permissions)


def _scopes(actor: CurrentMember, seen: CurrentMember) -> set[Scope | None]:
    """Return how far the actor sees what the member sees; the names of tokens are everybody's own alone."""
    reading = (name for name in seen.permissions if name.endswith(":read") and name != "token:read")
    return {actor.scope(name) for name in reading}


def _reaches(scopes: set[Scope | None], actor: CurrentMember, seen: CurrentMember) -> bool:
    """Whether what the member's scopes reach lies within the actor's: they are in teams of the actor's."""
    if scopes <= {"all"}:
        return True
    if not scopes <= {"all", "subtree", "team"} or seen.team_id is None:
        return False
    teams = set(seen.teams or (seen.team_id,))
    if "team" in scopes:
        return teams <= set(actor.teams)
    below = select(Team.id).where(Team.id.in_(teams), Team.path.overlap(list(actor.teams)))
    return teams <= {row.id for row in fetch(below)}


def _without_shares(actor: CurrentMember, seen: CurrentMember) -> CurrentMember:
    """Leave out what is shared with the member alone, unless the actor sees everything anyway."""
    everything = actor.role_key == OWNER or (_scopes(actor, seen) <= {"all"} and not actor.walls)
    return seen if everything else replace(seen, shares=False)
