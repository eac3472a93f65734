"""What is open is tried again as soon as there is another way to pay it."""

from __future__ import annotations

from uuid import UUID

from billing.acting import begin
from billing.errors import NothingToDo
from billing.settling import settle
from tenants.settings import Settings


def pay_by_another_card(settings: Settings, tenant_id: UUID) -> None:
    """Pay from now on, and what is open, by what the customer has put in; what is declined stays owed."""
    try:
        act = begin(settings, tenant_id)
    except NothingToDo:
        return
    act.gateway.pay_by_default(act.now, key=act.key("card"))
    settle(settings, tenant_id)
