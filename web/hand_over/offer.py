"""What a member's page says about handing over what they own, before they are locked out or removed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g, url_for

from saas_crm.edge.current import current_member
from saas_crm.hand_over.letters import written
from saas_crm.hand_over.owned import owned_by
from saas_crm.hand_over.people import may_hand_over
from tenants.versions import lacks_tables


def offer(member_id: UUID) -> dict[str, Any] | None:
    """Return how much they own and where it is handed over; None where the reader may not, or there is nothing."""
    if lacks_tables(g.tenant) or not may_hand_over(member_id, current_member()):
        return None
    owned = owned_by([member_id])[member_id]
    if not any(owned.values()):
        return None
    return {"numbers": written(owned), "href": f"{url_for('hand_overs.new')}?from={member_id}"}
