"""How many places of a plan are taken: members, and those who were invited to be."""

from __future__ import annotations

from sqlalchemy import ColumnElement, func, select

from saas_crm.access.models import Invitation, Member
from saas_crm.core import limits
from saas_crm.core.clock import now


def places_taken() -> ColumnElement[int]:
    """Return the expression for how many are members or were invited to be, as plans count them."""
    members = select(func.count()).where(Member.status == "active", Member.deleted_at.is_(None)).scalar_subquery()
    invited = select(func.count()).where(
        Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None), Invitation.expires_at > now()
    )
    return members + invited.scalar_subquery()


def check_places(wanting: int = 1) -> None:
    """Raise LimitReached if the plan has no room for so many more: who was invited has a place already."""
    limits.make_room("members", wanting)


limits.counted("members", places_taken)
