"""Deleting a role: who holds it, or is invited into it, gets another one; and bringing one back."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, and_, not_, select

from saas_crm.access.factors.policy import ask_role_instead, hold_two_factor_roles
from saas_crm.access.models import Invitation, Member, Role
from saas_crm.access.ownership import check_version
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.roles import check_name, role_to_give
from saas_crm.access.sso.provider import give_role_instead, joining_role
from saas_crm.access.visibility import owned_within
from saas_crm.core.clock import now
from saas_crm.core.errors import Forbidden, InvalidInput, NotFound
from saas_crm.core.i18n import gettext as _
from tenants.db import db


def delete_role(
    role: Role, *, actor: CurrentMember, replacement_id: UUID | None = None, version: int | None = None
) -> int:
    """Delete an own role, held before by `get_role(…, hold=True)`; returns how many members have another one now.

    Who holds it, or is invited into it, gets the replacement, without which a role in use stays. So does the place it
    has in the decision who needs two-factor sign-in, and as what people join by single sign-on: neither is lost with
    the role. To give members another role takes `member:update` for each of them, as everywhere. Raises Forbidden,
    InvalidInput and VersionConflict.
    """
    actor.require("role:delete")
    if role.key is not None:
        raise InvalidInput({"": _("Built-in roles stay. You may change them.")}, {"": "built_in"})
    check_version(role, version)
    moved = _give_another(role, replacement_id, actor)
    role.deleted_at, role.deleted_by_id = now(), actor.id
    db.session.flush()
    return moved


def _give_another(role: Role, replacement_id: UUID | None, actor: CurrentMember) -> int:
    people = db.session.scalars(select(Member).where(_holds(role.id))).all()
    open_ones = (Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None))
    offers = db.session.scalars(select(Invitation).where(Invitation.role_id == role.id, *open_ones)).all()
    asked, joined = role.id in hold_two_factor_roles(), role.id == joining_role()
    if not people and not offers and not asked and not joined:
        return 0
    if replacement_id is None:
        told = _("Choose the role that its members and invitations get instead.")
        if not people and not offers:
            told = _("Choose the role that needs two-factor sign-in in its place.")
        if not people and not offers and joined:
            told = _("Choose the role that people get who join by themselves.")
        raise InvalidInput({"replacement_id": told}, {"replacement_id": "in_use"})
    if people:
        _check_may_change(role.id, actor)
    if replacement_id == role.id:
        raise InvalidInput({"replacement_id": _("Choose another role.")}, {"replacement_id": "unknown"})
    replacement = role_to_give(replacement_id, actor, field="replacement_id")
    for holder in people:
        holder.role_id = replacement.id
    for offer in offers:
        offer.role_id = replacement.id
    if asked:
        ask_role_instead(role.id, replacement.id)
    if joined:
        give_role_instead(replacement.id)
    return len(people)


def _holds(role_id: UUID) -> ColumnElement[bool]:
    return and_(Member.role_id == role_id, Member.status != "removed")


def holders(role_id: UUID) -> Sequence[UUID]:
    """Return the members who have a role."""
    return db.session.scalars(select(Member.id).where(_holds(role_id))).all()


def _check_may_change(role_id: UUID, actor: CurrentMember) -> None:
    within = owned_within(Member.id, actor, actor.require("member:update"))
    if db.session.scalar(select(Member.id).where(_holds(role_id), not_(within)).limit(1)) is not None:
        raise Forbidden("member:update")


def undelete_role(role_id: UUID, *, actor: CurrentMember) -> Role:
    """Bring a deleted role back; those who got another one keep that. Raises Forbidden and NotFound."""
    actor.require("role:delete")
    role = db.session.scalar(select(Role).where(Role.id == role_id, Role.deleted_at.is_not(None)))
    if role is None:
        raise NotFound
    check_name(role.name, role)
    role.deleted_at = role.deleted_by_id = None
    db.session.flush()
    return role
