"""What an operator looks at besides the months: who owes, which events wait, and whether the figures can be trusted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, select

from billing.models import BillingIdentity, StripeEvent, Subscription
from billing.movement_rules import Figures
from billing.rules import PAYING
from tenants.db import AnyRow
from tenants.directory import shared_reader
from tenants.models import Tenant

MOST = 50
Sums = Mapping[tuple[str, str], tuple[int, int]]
"""By plan and currency: revenue a month in the smallest unit, and seats that are paid."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Where the months end with something else than the subscriptions say; amounts in the smallest unit."""

    plan: str
    currency: str
    mrr: int
    mrr_now: int
    seats: int
    seats_now: int


def sums_now() -> Sums:
    """Return what is paid now by the subscriptions themselves, which are compared with Stripe every night."""
    row = Subscription
    whole = func.coalesce(row.amount, 0) * row.seats
    mrr = case((row.interval == "month", whole), (row.interval == "year", func.div(whole + 6, 12)), else_=0)
    query = select(row.plan, row.currency, func.sum(mrr), func.sum(row.seats)).where(row.state.in_(PAYING))
    with shared_reader() as connection:
        found = connection.execute(query.group_by(row.plan, row.currency)).all()
    return {(plan, currency): (int(paid), int(seats)) for plan, currency, paid, seats in found}


def differences(ends: Iterable[Figures], now: Sums) -> list[Difference]:
    """Return where the last month's end is not what the subscriptions say: a change that nobody wrote down."""
    told = {(one.plan, one.currency): (one.ends, one.seats) for one in ends if one.ends or one.seats}
    return [
        Difference(plan, currency, mrr, mrr_now, seats, seats_now)
        for plan, currency in sorted({*told, *now})
        for (mrr, seats), (mrr_now, seats_now) in [
            (told.get((plan, currency), (0, 0)), now.get((plan, currency), (0, 0)))
        ]
        if (mrr, seats) != (mrr_now, seats_now)
    ]


def owing() -> list[AnyRow]:
    """Return who owes, the longest first: address, name, state, since when, and what a period costs; MOST at most."""
    row = Subscription
    query = (
        select(Tenant.slug, Tenant.name, row.state, row.source, row.plan, row.currency, row.interval, row.seats,
               row.past_due_since, row.invoice_number, (func.coalesce(row.amount, 0) * row.seats).label("due"),
               func.count().over().label("all"))
        .join(Tenant, Tenant.id == row.tenant_id)
        .where(row.past_due_since.is_not(None), row.state.in_(("past_due", "read_only", "cancelled")))
        .order_by(row.past_due_since, Tenant.slug).limit(MOST)
    )  # fmt: skip
    with shared_reader() as connection:
        return list(connection.execute(query))


def waiting() -> list[AnyRow]:
    """Return the events that nobody has worked on yet, the longest waiting first, and whose they are; MOST at most."""
    row, by_customer = StripeEvent, Subscription
    query = (
        select(row.id, row.type, row.received_at, row.attempts, row.error, Tenant.slug,
               func.count().over().label("all"))
        .outerjoin(by_customer, by_customer.customer_id == row.customer_id)
        .outerjoin(Tenant, Tenant.id == func.coalesce(row.tenant_id, by_customer.tenant_id))
        .where(row.worked_at.is_(None)).order_by(row.received_at, row.id).limit(MOST)
    )  # fmt: skip
    with shared_reader() as connection:
        return list(connection.execute(query))


def compared() -> tuple[datetime | None, dict[str, Any]]:
    """Return when all was compared with Stripe last, and what was found (`billing.reconciling.Report`)."""
    with shared_reader() as connection:
        row = connection.execute(select(BillingIdentity.reconciled_at, BillingIdentity.report)).one_or_none()
    return (row[0], row[1] or {}) if row else (None, {})
