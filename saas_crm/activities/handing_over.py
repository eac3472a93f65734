"""How activities go along when a member hands over what they own: what is open; the past stays who made it."""

from __future__ import annotations

from sqlalchemy import func, select

from saas_crm.activities import telling
from saas_crm.activities.models import Activity
from saas_crm.customers.models import Contact
from saas_crm.hand_over.registry import HandedOver

_OF_PERSON = (
    select(func.coalesce(Contact.company_id, Contact.id)).where(Contact.id == Activity.contact_id).scalar_subquery()
)
PLANNED = HandedOver(
    Activity,
    Activity.subject,
    func.coalesce(Activity.company_id, _OF_PERSON, Activity.opportunity_id, Activity.id),
    "activities",
    open=telling.OPEN,
    tells=telling.tell,
)
