"""The further contacts of a deal, beside its main one: who they become, and writing them."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import delete, func, insert, select

from saas_crm.access.permissions import CurrentMember
from saas_crm.access.visibility import visible
from saas_crm.core.errors import InvalidInput, NamesGone
from saas_crm.core.i18n import gettext as _
from saas_crm.customers.models import Contact
from saas_crm.opportunities.models import Opportunity, OpportunityContact
from tenants.db import db


def change_of_people(
    deal: Opportunity, contact_ids: list[UUID], actor: CurrentMember
) -> tuple[set[UUID], set[UUID]] | None:
    """Return the further contacts there are and those there shall be; None when they are the same.

    Who is in the deal already may stay, even unseen by the actor.
    """
    held = select(OpportunityContact.contact_id).where(OpportunityContact.opportunity_id == deal.id)
    present, wanted = set(db.session.scalars(held)), set(contact_ids)
    checked_contacts(wanted - present, actor)
    return (present, wanted) if present != wanted else None


def checked_contacts(contact_ids: set[UUID], actor: CurrentMember) -> set[UUID]:
    """Return the contacts, all of which the actor sees; raises InvalidInput for others."""
    if not contact_ids:
        return contact_ids
    seen = select(func.count(Contact.id)).where(
        Contact.id.in_(contact_ids), Contact.deleted_at.is_(None), visible(Contact, actor)
    )
    if db.session.scalar(seen) != len(contact_ids):
        message = _("Choose one of the values offered.")
        raise InvalidInput({"contact_ids": message}, {"contact_ids": "unknown"})
    return contact_ids


def write_contacts(deal: Opportunity, added: set[UUID], gone: set[UUID]) -> None:
    """Write who came to a deal and who left it."""
    if gone:
        held = OpportunityContact.opportunity_id == deal.id
        db.session.execute(delete(OpportunityContact).where(held, OpportunityContact.contact_id.in_(gone)))
    if added:
        rows = [{"opportunity_id": deal.id, "contact_id": contact_id} for contact_id in sorted(added)]
        try:
            db.session.execute(insert(OpportunityContact), rows)
        except NamesGone as just:
            raise InvalidInput({"contact_ids": next(iter(just.errors.values()))}, {"contact_ids": "unknown"}) from just
