"""How deals go along when a member hands over what they own: the open ones, and the closed ones if that is chosen."""

from __future__ import annotations

from sqlalchemy import func, select, text

from saas_crm.customers.models import Contact
from saas_crm.hand_over.registry import HandedOver
from saas_crm.opportunities.models import Opportunity
from tenants.db import db


def hold_totals() -> None:
    """Keep others from the board's totals until the end.

    The deals are held already, so nobody who is in the middle of moving one of them waits for us while we wait for
    them; without this, a deal moved elsewhere on the board could meet us in the opposite order of totals.
    """
    db.session.execute(text("LOCK TABLE opportunity_totals IN SHARE ROW EXCLUSIVE MODE"))


_OF_PERSON = (
    select(func.coalesce(Contact.company_id, Contact.id)).where(Contact.id == Opportunity.contact_id).scalar_subquery()
)
DEALS = HandedOver(
    Opportunity,
    Opportunity.name,
    func.coalesce(Opportunity.company_id, _OF_PERSON, Opportunity.id),
    "deals",
    open=Opportunity.status == "open",
    closed=Opportunity.status != "open",
    briefed=True,
    hold=hold_totals,
)
