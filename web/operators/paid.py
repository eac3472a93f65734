"""What a workspace has and pays, for its page in the console: from our own tables, without asking Stripe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from billing.held import Held
from billing.models import BillingChange
from billing.plans import INTERVALS, catalogue
from billing.rules import PAYING, monthly
from billing.subscriptions import held
from saas_crm.core.i18n import spoken
from tenants.db import AnyRow
from tenants.directory import shared_reader
from web.billing.words import interval_name

CHANGES_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Paid:
    """What is held of a workspace (None: nothing, and no limits), and what happened to it lately, newest first."""

    held: Held | None
    changes: Sequence[AnyRow]

    @property
    def by_hand(self) -> bool:
        """Whether an operator arranged its plan."""
        return self.held is not None and self.held.source == "manual"

    @property
    def at_stripe(self) -> bool:
        """Whether a subscription at Stripe goes on, beside which nothing can be arranged by hand."""
        return self.held is not None and self.held.source == "stripe" and self.held.state != "cancelled"

    @property
    def mrr(self) -> int:
        """Return what comes in each month, in the currency's smallest unit."""
        if self.held is None or self.held.state not in PAYING:
            return 0
        return monthly(self.held.amount or 0, self.held.interval, self.held.seats)

    @property
    def owed(self) -> int:
        """Return what a period costs, in the currency's smallest unit and without tax; 0 where nothing is due."""
        if self.held is None or self.held.past_due_since is None:
            return 0
        return (self.held.amount or 0) * self.held.seats


def paid_by(tenant_id: UUID) -> Paid:
    """Return what a workspace has and pays."""
    row = BillingChange
    columns = (row.at, row.kind, row.plan, row.interval, row.currency, row.seats, row.mrr, row.by_operator, row.reason)
    query = select(*columns).where(row.tenant_id == tenant_id).order_by(row.at.desc(), row.id.desc())
    with shared_reader() as connection:
        changes = list(connection.execute(query.limit(CHANGES_SHOWN)))
    return Paid(held(tenant_id), changes)


def arranged(paid: Paid) -> dict[str, Any]:
    """Return what the form of a plan by hand begins with: what is arranged now, or the next larger plan."""
    now, currencies = paid.held, catalogue().currencies
    plans = [key for key, _name in plans_sold()]
    return {
        "plan": now.plan if now and now.plan in plans else (plans or [""])[0],
        "seats": now.seats if now and now.seats else "",
        "interval": (now.interval if now else "") or "year",
        "currency": now.currency if now and now.currency in currencies else (currencies or ("",))[0],
        "paid_until": now.paid_until.date().isoformat() if now and now.paid_until and paid.by_hand else "",
        "invoice": now.invoice_number if now and paid.by_hand else "",
    }


def plans_sold() -> list[tuple[str, str]]:
    """Return the plans that can be arranged by hand, to be chosen from."""
    return [(one.key, one.name(spoken())) for one in catalogue().plans if one.is_paid]


def intervals_sold() -> list[tuple[str, str]]:
    """Return how often can be paid, to be chosen from."""
    return [(one, interval_name(one)) for one in INTERVALS]


def currencies_sold() -> list[tuple[str, str]]:
    """Return the currencies of the price list, to be chosen from."""
    return [(one, one) for one in catalogue().currencies]
