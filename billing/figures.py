"""The operator's figures, by our own rows: what happened in which month, and what is paid now."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import func, select

from billing.models import BillingChange, Subscription
from billing.rules import PAYING, monthly
from tenants.directory import shared_reader

Row = tuple[str, str, str, str, int, int, int]
"""Month (UTC) or "now"; kind or state; plan; currency; how many; seats; revenue a month in the smallest unit."""


def of_months(month: datetime | None = None) -> Iterator[Row]:
    """Yield what happened, by month, kind, plan and currency; `month` is any moment of the one that is wanted.

    Of `cancelled` and `free` the plan is the one that was left, seats and revenue are what was lost by it; of all other
    kinds they are what there was from then on.
    """
    when = func.to_char(func.timezone("UTC", BillingChange.at), "YYYY-MM")
    keys = (when, BillingChange.kind, BillingChange.plan, BillingChange.currency)
    sums = (func.coalesce(func.sum(column), 0) for column in (BillingChange.seats, BillingChange.mrr))
    query = select(*keys, func.count(), *sums).group_by(*keys).order_by(*keys)
    if month is not None:
        query = query.where(when == f"{month:%Y-%m}")
    with shared_reader() as connection:
        for row in connection.execute(query):
            yield (row[0], row[1], row[2], row[3], row[4], int(row[5]), int(row[6]))


def now_by_plan() -> Iterator[Row]:
    """Yield what there is now, by state, plan and currency: the revenue is that of states that pay."""
    found: dict[tuple[str, str, str], list[int]] = {}
    columns = (Subscription.state, Subscription.plan, Subscription.currency, Subscription.seats, Subscription.amount,
               Subscription.interval)  # fmt: skip
    with shared_reader() as connection:
        for state, plan, currency, seats, amount, interval in connection.execute(select(*columns)):
            sums = found.setdefault((state, plan, currency), [0, 0, 0])
            sums[0] += 1
            sums[1] += seats
            sums[2] += monthly(amount or 0, interval, seats) if state in PAYING else 0
    for (state, plan, currency), (count, seats, mrr) in sorted(found.items()):
        yield ("now", state, plan, currency, count, seats, mrr)
