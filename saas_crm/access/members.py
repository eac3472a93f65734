"""Changing members: role, team, freezing, removing; API tokens."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, undefer
from sqlalchemy.orm.attributes import set_committed_value

from saas_crm.access.bulk import check_team_exists, hold_owners
from saas_crm.access.leaving import leave_all
from saas_crm.access.models import ApiToken, Member, Role
from saas_crm.access.ownership import check_version
from saas_crm.access.people_changed import PeopleChanged
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.places import check_places
from saas_crm.access.roles import check_givable, held_role
from saas_crm.access.rules import leads_back
from saas_crm.access.team_schemas import MemberWrite
from saas_crm.access.visibility import owned_within
from saas_crm.core.clock import now
from saas_crm.core.errors import Forbidden, InvalidInput, NotFound
from saas_crm.core.events import publish
from saas_crm.core.forms import given
from saas_crm.core.i18n import gettext as _
from saas_crm.core.jobs import defer
from tenants.context import current_tenant
from tenants.db import db, fetch
from tenants.versions import lacks_tables


def get_member(member_id: UUID, *, details: bool = False) -> Member:
    """Return a member who has not been removed, with their role; `details` are hours, substitute and two-factor.

    Raises NotFound.
    """
    query = select(Member).where(Member.id == member_id, Member.status != "removed").options(joinedload(Member.role))
    if details:
        query = query.options(undefer(Member.working_hours), undefer(Member.substitute_id), undefer(Member.two_factor))
    found = db.session.scalar(query)
    if found is None:
        raise NotFound
    return found


def name_of(member_id: UUID | None) -> str:
    """Return a member's name, "" for nobody."""
    return db.session.scalar(select(Member.name).where(Member.id == member_id)) or "" if member_id else ""


def change_role(member: Member, role_id: UUID, *, actor: CurrentMember) -> None:
    """Give a member another role; there is always an active owner, and only owners make owners."""
    check_reach(member, actor)
    _set_role(member, role_id, actor)
    db.session.flush()


def change_team(member: Member, team_id: UUID | None, *, actor: CurrentMember) -> None:
    """Put a member into another team; raises Forbidden, and InvalidInput for an unknown one or none."""
    check_reach(member, actor)
    _set_team(member, team_id, actor)
    db.session.flush()


def set_frozen(member: Member, frozen: bool, *, actor: CurrentMember) -> None:
    """Lock a member out from the next request on, or let them in again."""
    check_reach(member, actor)
    _set_frozen(member, frozen, actor)
    db.session.flush()


def update_member(member: Member, data: MemberWrite, *, actor: CurrentMember, version: int | None = None) -> None:
    """Change what was given of a member. Raises Forbidden, InvalidInput, VersionConflict.

    Members may set their own working hours and substitute, but not by a program that may do less than they; all else
    takes `member:update`.
    """
    changes = given(data)
    if member.id != actor.id or actor.narrowed or set(changes) - {"working_hours", "substitute_id"}:
        check_reach(member, actor)
    check_version(member, version)
    if "role_id" in changes and changes["role_id"] != member.role_id:
        _set_role(member, changes["role_id"], actor)
    if "team_id" in changes and changes["team_id"] != member.team_id:
        _set_team(member, changes["team_id"], actor)
    if "status" in changes and changes["status"] != member.status:
        _set_frozen(member, changes["status"] == "frozen", actor)
    if "working_hours" in changes:
        member.working_hours = changes["working_hours"] or None
    if "substitute_id" in changes and changes["substitute_id"] != member.substitute_id:
        _set_substitute(member, changes["substitute_id"])
    db.session.flush()


def check_reach(member: Member, actor: CurrentMember) -> None:
    """Raise Forbidden unless the actor may change this member."""
    scope = actor.require("member:update")
    within = select(Member.id).where(Member.id == member.id, owned_within(Member.id, actor, scope))
    if scope != "all" and db.session.scalar(within) is None:
        raise Forbidden("member:update")


def _set_role(member: Member, role_id: UUID, actor: CurrentMember) -> None:
    role = held_role(role_id)
    _guard_owner(member, role.key, actor)
    if role_id != member.role_id:
        check_givable(role, actor)
    if "owner" in (role.key, member.role.key):  # who comes first where seats are few
        publish(PeopleChanged())
    member.role_id = role_id
    set_committed_value(member, "role", role)


def _set_team(member: Member, team_id: UUID | None, actor: CurrentMember) -> None:
    if team_id is None:
        raise InvalidInput({"team_id": _("Choose a team.")}, {"team_id": "missing"})
    _guard_owner(member, "same", actor)
    check_team_exists(team_id)
    member.team_id = team_id


def _set_frozen(member: Member, frozen: bool, actor: CurrentMember) -> None:
    _not_oneself(member, actor)
    _guard_owner(member, None if frozen else "same", actor)
    if not frozen and member.status == "frozen":
        check_places()
    member.status = "frozen" if frozen else "active"
    publish(PeopleChanged(gone=frozen))


def _set_substitute(member: Member, substitute_id: UUID | None) -> None:
    """Name who stands in; chains of substitutes never lead back. The lock keeps two from closing a ring at once."""
    if substitute_id is not None:
        hold_owners()
        asked = Member.substitute_id.is_not(None) | (Member.id == substitute_id)
        known = fetch(select(Member.id, Member.substitute_id, Member.status).where(asked)).all()
        rows = {row.id: row for row in known}
        if substitute_id not in rows or rows[substitute_id].status != "active":
            raise InvalidInput({"substitute_id": _("Choose an active member.")}, {"substitute_id": "unknown"})
        if leads_back(member.id, substitute_id, {row.id: row.substitute_id for row in rows.values()}):
            raise InvalidInput(
                {"substitute_id": _("This leads back to the member: somebody else has to stand in.")},
                {"substitute_id": "owner"},
            )
    member.substitute_id = substitute_id


def remove(member: Member, *, actor: CurrentMember) -> None:
    """Take a member out of the workspace; their records stay theirs until handed over.

    Their API tokens end for good, also if they come back, and their photo is no longer shown here. They are locked
    out with the commit of this; a job of the same transaction then takes the workspace off their list.
    """
    within = owned_within(Member.id, actor, actor.require("member:delete"))
    if db.session.scalar(select(Member.id).where(Member.id == member.id, within)) is None:
        raise Forbidden("member:delete")
    _not_oneself(member, actor)
    _guard_owner(member, None, actor)
    member.status, member.photo_digest = "removed", None
    living = select(ApiToken).where(ApiToken.member_id == member.id, ApiToken.revoked_at.is_(None))
    for token in db.session.scalars(living):
        token.revoked_at = now()
    db.session.flush()
    if not lacks_tables(current_tenant()):
        leave_all(member.id)
    defer(db.session(), "access.drop_membership", member_id=str(member.id))
    publish(PeopleChanged(gone=True))


def _not_oneself(member: Member, actor: CurrentMember) -> None:
    if member.id == actor.id:
        raise InvalidInput({"": _("You cannot lock yourself out. Ask another administrator.")})


def _guard_owner(member: Member, becomes: str | None, actor: CurrentMember) -> None:
    """Refuse to touch an owner unless one is an owner, and to leave the workspace without any."""
    present = member.role.key
    if "owner" in (present, becomes) and actor.role_key != "owner":
        raise Forbidden("role:update")
    if present != "owner" or becomes in ("owner", "same"):
        return
    hold_owners()
    owners = select(func.count()).select_from(Member).join(Role, Role.id == Member.role_id)
    others = owners.where(Role.key == "owner", Member.status == "active", Member.id != member.id)
    if not db.session.scalar(others):
        raise InvalidInput({"": _("A workspace needs at least one active owner.")})
