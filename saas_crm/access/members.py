"""Changing members: role, team, freezing, removing; API tokens."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from saas_crm.access.models import ApiToken, Member, Role
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.tokens import new_token, token_hash
from saas_crm.access.visibility import owned_within
from saas_crm.core.clock import now
from saas_crm.core.errors import Forbidden, InvalidInput, NotFound
from saas_crm.core.i18n import gettext as _
from saas_crm.core.jobs import defer
from tenants.db import db


def get_member(member_id: UUID) -> Member:
    """Return a member who has not been removed; raises NotFound."""
    found = db.session.scalar(select(Member).where(Member.id == member_id, Member.status != "removed"))
    if found is None:
        raise NotFound
    return found


def change_role(member: Member, role_id: UUID, *, actor: CurrentMember) -> None:
    """Give a member another role; there is always an active owner, and only owners make owners."""
    actor.require("member:update")
    role = db.session.get(Role, role_id)
    if role is None:
        raise InvalidInput({"role_id": _("Choose a role.")})
    _guard_owner(member, role.key, actor)
    member.role_id = role_id
    db.session.flush()


def set_frozen(member: Member, frozen: bool, *, actor: CurrentMember) -> None:
    """Lock a member out from the next request on, or let them in again."""
    actor.require("member:update")
    _not_oneself(member, actor)
    _guard_owner(member, None if frozen else "same", actor)
    member.status = "frozen" if frozen else "active"
    db.session.flush()


def remove(member: Member, *, actor: CurrentMember) -> None:
    """Take a member out of the workspace; their records stay theirs until handed over.

    Their API tokens end for good, also if they come back, and their photo is no longer shown here. They are locked
    out with the commit of this; a job of the same transaction then takes the workspace off their list.
    """
    actor.require("member:delete")
    _not_oneself(member, actor)
    _guard_owner(member, None, actor)
    member.status, member.photo_digest = "removed", None
    living = select(ApiToken).where(ApiToken.member_id == member.id, ApiToken.revoked_at.is_(None))
    for token in db.session.scalars(living):
        token.revoked_at = now()
    db.session.flush()
    defer(db.session(), "access.drop_membership", member_id=str(member.id))


def _not_oneself(member: Member, actor: CurrentMember) -> None:
    if member.id == actor.id:
        raise InvalidInput({"": _("You cannot lock yourself out. Ask another administrator.")})


def _guard_owner(member: Member, becomes: str | None, actor: CurrentMember) -> None:
    """Refuse to touch an owner unless one is an owner, and to leave the workspace without any."""
    present = db.session.scalar(select(Role.key).where(Role.id == member.role_id))
    if "owner" in (present, becomes) and actor.role_key != "owner":
        raise Forbidden("role:update")
    if present != "owner" or becomes in ("owner", "same"):
        return
    db.session.execute(select(Role.id).where(Role.key == "owner").with_for_update())
    owners = select(func.count()).select_from(Member).join(Role, Role.id == Member.role_id)
    others = owners.where(Role.key == "owner", Member.status == "active", Member.id != member.id)
    if not db.session.scalar(others):
        raise InvalidInput({"": _("A workspace needs at least one active owner.")})


def issue_token(member: CurrentMember, name: str, *, expires_at: datetime | None = None) -> tuple[ApiToken, str]:
    """Make an API token for a member's device; returns it and its text, shown only now."""
    member.require("token:create")
    text = new_token("crm_")
    token = ApiToken(member_id=member.id, name=name, token_hash=token_hash(text), expires_at=expires_at)
    db.session.add(token)
    db.session.flush()
    return token, text


def revoke_token(token_id: UUID, *, actor: CurrentMember) -> None:
    """End a token within the actor's scope: their own, for an admin anybody's. Raises Forbidden and NotFound."""
    within = owned_within(ApiToken.member_id, actor, actor.require("token:delete"))
    token = db.session.scalar(select(ApiToken).where(ApiToken.id == token_id, ApiToken.revoked_at.is_(None), within))
    if token is None:
        raise NotFound
    token.revoked_at = now()
    db.session.flush()
