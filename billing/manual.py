"""Plans that an operator arranges by hand: paid by bank transfer, until a day."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from billing.errors import NothingToDo
from billing.models import Subscription
from billing.owing import GRACE
from billing.plans import catalogue
from billing.settling import Settled, settle
from billing.subscriptions import held
from billing.who import By
from saas_crm.core.clock import now as present
from tenants.db import SHARED, db
from tenants.settings import Settings


def put_manual(
    settings: Settings, tenant_id: UUID, *, plan: str, seats: int, paid_until: datetime | None, invoice: str,
    interval: str, currency: str, operator: str, now: datetime | None = None,
) -> Settled | None:  # fmt: skip
    """Put a workspace on a plan that is paid by hand until a moment; None: for ever.

    What a seat costs is the plan's price of today. Raises NothingToDo while a subscription at Stripe goes on, or where
    the days of grace after that moment are over already (a mistyped year would be a debt of years), and UnknownPlan.
    """
    row, at = held(tenant_id), now or present()
    if paid_until is not None and paid_until < at - GRACE:
        raise NothingToDo(
            f"{paid_until:%Y-%m-%d} is longer ago than the {GRACE.days} days of grace, and nothing was changed; "
            "give the day until which it is paid, or --end"
        )
    if row is not None and row.source == "stripe" and row.state in ("active", "past_due", "read_only"):
        raise NothingToDo("a subscription at Stripe goes on; it is to be cancelled first")
    catalogue().plan(plan)
    price = catalogue().price(plan, "year" if interval == "year" else "month", currency)
    values = {
        "source": "manual", "plan": plan, "seats": seats, "paid_until": paid_until, "invoice_number": invoice,
        "interval": interval, "currency": currency, "amount": price.amount if price else None, "updated_at": at,
    }  # fmt: skip
    with db.engines[SHARED].begin() as connection:
        new = insert(Subscription).values(tenant_id=tenant_id, state="free", state_since=at, **values)
        connection.execute(new.on_conflict_do_update(index_elements=[Subscription.tenant_id], set_=values))
    return settle(settings, tenant_id, now=at, by=By(operator=operator, through="command"), ask=False)


def end_manual(settings: Settings, tenant_id: UUID, *, operator: str, now: datetime | None = None) -> Settled | None:
    """End a plan that was arranged by hand: the workspace goes on as Free. Raises NothingToDo where it has none."""
    at = now or present()
    with db.engines[SHARED].begin() as connection:
        mine = update(Subscription).where(Subscription.tenant_id == tenant_id, Subscription.source == "manual")
        ended = connection.scalar(mine.values(source="none", paid_until=None).returning(Subscription.tenant_id))
    if ended is None:
        raise NothingToDo("no plan was arranged by hand")
    return settle(settings, tenant_id, now=at, by=By(operator=operator, through="command"), ask=False)
