"""Plans that an operator arranges by hand: paid by bank transfer, until a day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, update
from sqlalchemy import insert as plain_insert
from sqlalchemy.dialects.postgresql import insert

from billing.errors import NothingToDo
from billing.held import Held
from billing.models import BillingChange, Subscription
from billing.owing import GRACE
from billing.plans import catalogue
from billing.rules import PAYING, Standing, kinds_of, standing_by_clock
from billing.settling import Settled, settle
from billing.subscriptions import held
from billing.who import By
from saas_crm.core.clock import now as present
from tenants.db import SHARED, db, new_id
from tenants.settings import Settings


def put_manual(
    settings: Settings, tenant_id: UUID, *, plan: str, seats: int, paid_until: datetime | None, invoice: str,
    interval: str, currency: str, operator: str, now: datetime | None = None,
) -> Settled | None:  # fmt: skip
    """Put a workspace on a plan that is paid by hand until a moment; None: for ever.

    What a seat costs is the plan's price of today; who has the same plan by hand already keeps what they pay. Raises
    NothingToDo while a subscription at Stripe goes on, or where the days of grace after that moment are over already
    (a mistyped year would be a debt of years), and UnknownPlan.
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
    values: dict[str, Any] = {
        "source": "manual", "plan": plan, "seats": seats, "paid_until": paid_until, "invoice_number": invoice,
        "interval": interval, "currency": currency, "amount": _amount(row, plan, interval, currency),
    }  # fmt: skip
    with db.engines[SHARED].begin() as connection:
        new = insert(Subscription).values(tenant_id=tenant_id, state="free", state_since=at, updated_at=at, **values)
        kept = {**values, "updated_at": at}
        connection.execute(new.on_conflict_do_update(index_elements=[Subscription.tenant_id], set_=kept))
        if row is not None and row.source == "manual" and row.state in PAYING:
            _note_changes(connection, row, replace(row, **values), at, operator)
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


def _amount(row: Held | None, plan: str, interval: str, currency: str) -> int | None:
    """Return what a seat costs: as until now where it is the same plan, else by the price list."""
    by_hand = row is not None and row.source == "manual" and row.amount is not None
    if row is not None and by_hand and (row.plan, row.interval, row.currency) == (plan, interval, currency):
        return row.amount
    price = catalogue().price(plan, "year" if interval == "year" else "month", currency)
    return price.amount if price else None


def _note_changes(connection: Connection, before: Held, after: Held, at: datetime, operator: str) -> None:
    """Write down what else is so while the state goes on: settling finds it written already, and sees no difference."""
    standing = replace(standing_by_clock(after, at), state=before.state)
    for kind in _kinds(before, standing):
        connection.execute(plain_insert(BillingChange).values(
            id=new_id(), at=at, tenant_id=before.tenant_id, kind=kind, plan=after.plan, interval=after.interval,
            currency=after.currency, seats=after.seats, mrr=standing.mrr, by_operator=operator,
        ))  # fmt: skip


def _kinds(before: Held, standing: Standing) -> Iterator[str]:
    kinds = list(kinds_of(before, standing, catalogue().ranks))
    yield from kinds
    if not kinds and (before.currency, before.amount) != (standing.currency, standing.amount):
        yield "price"
