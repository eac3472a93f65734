"""May this member do that with this record: checked once, the same way, by every action."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, inspect, or_, select

from saas_crm.access.models import Member, Role, Team
from saas_crm.access.permissions import CurrentMember, Scope
from saas_crm.access.queries import by_name
from saas_crm.access.role_rules import OWNER
from saas_crm.access.visibility import SHARED, visible, within_reach
from saas_crm.core.errors import Forbidden, InvalidInput, VersionConflict
from saas_crm.core.i18n import gettext as _
from tenants.db import AnyRow, db, fetch


def may(record: Any, action: str, actor: CurrentMember) -> bool:
    """Whether the actor's scope for `action` covers the record.

    Asks the database only where the owner's team was not loaded with the record, and for what may be shared.
    """
    scope = actor.scope(f"{record.__resource__}:{action}")
    if scope is None or record.deleted_at is not None:
        return False
    if record.owner_id == actor.id or (scope == "all" and not actor.walls):
        return True
    team = _loaded_team(record)
    if scope == "own" or team is not None:
        if team is not None and scope != "own" and _covers(team, scope, actor):
            return True
        if not (_follows(record, action) or (actor.shares and action in SHARED)):
            return False
    model: Any = type(record)
    return db.session.scalar(select(model.id).where(model.id == record.id, visible(model, actor, action))) is not None


def _follows(record: Any, action: str) -> bool:
    """Whether it may be seen through what it hangs on."""
    return action == "read" and bool(record.__follows__)


def _covers(team: Team, scope: Scope, actor: CurrentMember) -> bool:
    """Whether a scope reaches what the members of a team own, and no closed unit hides it."""
    from_where = actor.teams or (actor.team_id,)
    if not set(team.path).isdisjoint(actor.walls):
        return False
    if scope == "all":
        return True
    return team.id in from_where if scope == "team" else not set(team.path).isdisjoint(from_where)


def _loaded_team(record: Any) -> Team | None:
    """Return the team of the record's owner if both came with the record and are still true of it."""
    owner = record.owner if "owner" not in inspect(record).unloaded else None
    if owner is None or owner.id != record.owner_id or "team" in inspect(owner).unloaded:
        return None
    team: Team | None = owner.team
    return team


def check_may(record: Any, action: str, actor: CurrentMember) -> None:
    """Raise Forbidden unless the actor may do `action` with the record they see."""
    if not may(record, action, actor):
        raise Forbidden(f"{record.__resource__}:{action}")


def check_version(record: Any, version: int | None) -> None:
    """Raise VersionConflict if the editor had an older version before them; None means "whatever it is"."""
    if version is not None and version != record.version:
        raise VersionConflict(record)


def check_decided(record: Any, version: int | None) -> None:
    """As `check_version`, of the one row that holds what was decided, which is made when it is first held.

    Who looked before there was a row saw version 0, and has seen all there is as long as nobody saved: a row that was
    made and never changed is at 1.
    """
    check_version(record, 1 if version == 0 else version)


def check_owner(resource: str, owner_id: UUID | None, actor: CurrentMember, *, former: UUID | None = None) -> None:
    """Refuse an owner who is no active member, or whom the actor may not give records to.

    Raises InvalidInput, also for no owner at all: a record of nobody is seen by few and worked on by none. One may
    always keep a record oneself; giving it away takes `assign` within scope. `former` is who has it now: it is taken
    from them only by who may change it without it being shared with them. Whom it is given must be able to change it:
    nobody gets what they cannot work on.
    """
    if former not in (None, actor.id):
        theirs = select(Member.id).where(Member.id == former, within_reach(Member.id, actor, f"{resource}:update"))
        if db.session.scalar(theirs) is None:
            raise InvalidInput({"owner_id": _("Only its owner can give it to somebody else.")}, {"owner_id": "owner"})
    if owner_id is None:
        raise InvalidInput({"owner_id": _("This is needed.")}, {"owner_id": "missing"})
    if owner_id == actor.id:
        return
    within = within_reach(Member.id, actor, f"{resource}:assign")
    query = select(Member.name, edits_own(resource).label("edits")).join(Role, Role.id == Member.role_id)
    found = fetch(query.where(Member.id == owner_id, Member.status == "active", within)).one_or_none()
    if found is None:
        raise InvalidInput({"owner_id": _("Choose a member you may give records to.")}, {"owner_id": "owner"})
    if not found.edits:
        told = _("%(name)s's role cannot edit it. Choose somebody else.", name=found.name)
        raise InvalidInput({"owner_id": told}, {"owner_id": "cannot_edit"})


def edits_own(*resources: str) -> ColumnElement[bool]:
    """Return the clause "the role changes at least what one owns" of all these kinds; an owner's may anything."""
    return or_(Role.key == OWNER, and_(*(Role.permissions.has_key(f"{kind}:update") for kind in resources)))


def owners_for(resource: str, actor: CurrentMember) -> Sequence[AnyRow]:
    """Return id and name of the active members the actor may give such a record to, and themselves, by name."""
    given = and_(within_reach(Member.id, actor, f"{resource}:assign"), edits_own(resource))
    query = select(Member.id, Member.name).join(Role, Role.id == Member.role_id)
    found = query.where(Member.status == "active", or_(Member.id == actor.id, given))
    return sorted(fetch(found.order_by(Member.id).limit(1000)), key=by_name)
