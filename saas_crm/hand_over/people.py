"""Who may hand over what is whose, and to whom."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select

from saas_crm.access.models import Member, Role, Team
from saas_crm.access.ownership import edits_own
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.visibility import within_reach
from saas_crm.core.errors import Forbidden, NotFound
from saas_crm.core.pinyin import sort_key
from saas_crm.hand_over.registry import resources
from tenants.db import AnyRow, fetch

CREATE = "hand_over:create"
_PERSON = (
    Member.id, Member.user_id, Member.name, Member.email, Member.locale, Member.photo_digest, Member.status,
    Member.team_id, Team.name.label("team_name"),
)  # fmt: skip


def source(member_id: UUID, actor: CurrentMember) -> AnyRow:
    """Return the member who hands over, also one who is locked out or has left, with who stands in for them.

    Raises NotFound, and Forbidden where the actor may not hand over what is theirs.
    """
    actor.require(CREATE)
    within = within_reach(Member.id, actor, CREATE)
    query = select(*_PERSON, Member.substitute_id, within.label("within")).outerjoin(Team, Team.id == Member.team_id)
    found = fetch(query.where(Member.id == member_id, Member.deleted_at.is_(None))).one_or_none()
    if found is None:
        raise NotFound
    if not found.within:
        raise Forbidden("hand_over:create")
    return found


def may_hand_over(member_id: UUID, actor: CurrentMember) -> bool:
    """Whether the actor may hand over what a member owns."""
    if actor.scope(CREATE) == "all" and not actor.walls:
        return True
    return bool(fetch(select(Member.id).where(Member.id == member_id, within_reach(Member.id, actor, CREATE))))


def sources(actor: CurrentMember) -> Sequence[AnyRow]:
    """Return the members whose records the actor may hand over, also those who have left, by name: at most 1,000."""
    actor.require(CREATE)
    within = within_reach(Member.id, actor, CREATE)
    query = select(*_PERSON).outerjoin(Team, Team.id == Member.team_id).where(Member.deleted_at.is_(None), within)
    return sorted(fetch(query.order_by(Member.id).limit(1000)), key=_by_name)


def candidates(from_id: UUID, actor: CurrentMember) -> Sequence[AnyRow]:
    """Return the active members the actor may give everything to, by name: at most 1,000.

    They are within the scope in which the actor may hand over, or may be given records of every kind (`assign`).
    `edits` says whether their role lets them change what they own, whatever kind it is: who cannot is no successor.
    """
    query = (
        select(*_PERSON, edits_own(*resources()).label("edits"))
        .join(Role, Role.id == Member.role_id)
        .outerjoin(Team, Team.id == Member.team_id)
        .where(Member.status == "active", Member.deleted_at.is_(None), Member.id != from_id, _may_receive(actor))
    )
    return sorted(fetch(query.order_by(Member.id).limit(1000)), key=_by_name)


def _may_receive(actor: CurrentMember) -> ColumnElement[bool]:
    actor.require(CREATE)
    everything = and_(*(within_reach(Member.id, actor, f"{resource}:assign") for resource in resources()))
    return or_(within_reach(Member.id, actor, CREATE), everything)


def _by_name(row: AnyRow) -> str:
    return sort_key(row.name, person=True)
