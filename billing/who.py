"""Who acts upon a subscription."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from saas_crm.access.permissions import CurrentMember
from saas_crm.core.audit import acting
from tenants.db import db


@dataclass(frozen=True, slots=True)
class By:
    """Who acts: a member, an operator, or nobody but the clock and Stripe; and through what."""

    member_id: UUID | None = None
    operator: str = ""
    through: str = "job"


NOBODY = By()


def by_member(actor: CurrentMember | None) -> By:
    """Return a member as who acts, through what the request at hand came; for None nobody."""
    return By(actor.id, "", acting(db.session()).through) if actor else NOBODY
