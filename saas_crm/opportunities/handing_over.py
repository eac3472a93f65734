"""How deals go along when a member hands over what they own: the open ones, and the closed ones if that is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Uuid, bindparam, delete, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY

from saas_crm.customers.models import Contact
from saas_crm.hand_over.registry import HandedOver
from saas_crm.opportunities import telling
from saas_crm.opportunities.models import Opportunity, OpportunityTotal, OwnerSum
from tenants.db import db

_SUM_UP = text("""
    INSERT INTO opportunity_totals (stage_id, owner_id, month, currency, count, amount)
    SELECT stage_id, owner_id, coalesce(date_trunc('month', expected_close)::date, date '1970-01-01'), currency,
        count(*), sum(amount)
    FROM opportunities WHERE owner_id = ANY(:owners) AND deleted_at IS NULL
    GROUP BY 1, 2, 3, 4
""").bindparams(bindparam("owners", type_=ARRAY(Uuid)))
"""What the trigger on opportunities counts, for some owners."""
_SUM_UP_BY_OWNER = text("""
    INSERT INTO opportunity_owner_sums (owner_id, stage_id, month, currency, count, amount)
    SELECT owner_id, stage_id,
        coalesce(CASE status WHEN 'open' THEN date_trunc('month', expected_close)::date END, date '1970-01-01'),
        currency, count(*), sum(amount)
    FROM opportunities WHERE owner_id = ANY(:owners) AND deleted_at IS NULL
    GROUP BY 1, 2, 3, 4
""").bindparams(bindparam("owners", type_=ARRAY(Uuid)))


def hold_totals() -> None:
    """Keep others from the board's totals until the end, and let them be as they are meanwhile.

    The deals are held already, so nobody who is in the middle of moving one of them waits for us while we wait for
    them. The trigger alone would do too, and take four times as long: a row for each deal, and few of totals. Who
    changes a deal writes the totals first, so that holding them holds the sums by owner, too.
    """
    db.session.execute(text("LOCK TABLE opportunity_totals IN SHARE ROW EXCLUSIVE MODE"))
    db.session.execute(select(func.set_config("crm.totals", "later", True)))


def sum_up(owners: Sequence[UUID]) -> None:
    """Make the totals of these owners anew, and let the trigger count again.

    Nobody else has written totals since they were held; who changed a deal meanwhile waits to count it after us.
    """
    db.session.flush()
    for kept, summing in ((OpportunityTotal, _SUM_UP), (OwnerSum, _SUM_UP_BY_OWNER)):
        db.session.execute(delete(kept).where(kept.owner_id.in_(owners)))
        db.session.execute(summing, {"owners": list(owners)})
    db.session.execute(select(func.set_config("crm.totals", "", True)))


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
    settle=sum_up,
    tells=telling.tell,
)
