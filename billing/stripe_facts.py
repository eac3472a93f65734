"""What Stripe says, as plain values: nobody but the gateway knows Stripe's own objects.

All moments carry their zone (UTC); all amounts are whole numbers of the currency's smallest unit as Stripe counts them,
beside their currency (ISO 4217, capitals).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

LIVING = frozenset({"trialing", "active", "past_due", "unpaid", "paused"})
"""Stripe's statuses of a subscription that goes on. `incomplete` has not begun: its first payment is awaited."""
OWING = frozenset({"past_due", "unpaid"})


@dataclass(frozen=True, slots=True)
class Waiting:
    """A change that waits for its payment: the bank asks whoever pays, at `url`, until `until`.

    `plan` and `interval` as in SubscriptionFacts; `amount` is what is to be paid, taxes included.
    """

    plan: str
    interval: str
    seats: int
    amount: int
    currency: str
    until: datetime
    url: str
    invoice_id: str


@dataclass(frozen=True, slots=True)
class SubscriptionFacts:
    """One subscription as it is at Stripe.

    `plan` and `interval` are those of its price; "" for a price that is none of this installation's. `unpaid_since` is
    when its oldest invoice that is still owed was finalised, None where none is. `cancels_at` is set where it ends by
    itself: at its period's end, or at a moment that somebody chose.
    """

    subscription_id: str
    customer_id: str
    status: str
    item_id: str
    price_id: str
    plan: str
    interval: str
    currency: str
    amount: int
    seats: int
    started_at: datetime
    period_starts_at: datetime
    period_ends_at: datetime
    cancel_at_period_end: bool = False
    cancels_at: datetime | None = None
    ended_at: datetime | None = None
    unpaid_since: datetime | None = None
    unpaid_url: str = ""
    """Where the oldest invoice that is owed can be paid: a page of Stripe's."""
    cancel_to: str = ""
    cancel_reason: str = ""
    tenant_id: UUID | None = None
    installation: str = ""
    waiting: Waiting | None = None

    @property
    def lives(self) -> bool:
        """Whether it goes on: it counts, whether it is paid or owed."""
        return self.status in LIVING

    @property
    def owes(self) -> bool:
        """Whether Stripe has tried to be paid for it, and was not."""
        return self.status in OWING


@dataclass(frozen=True, slots=True)
class StripeFacts:
    """All that Stripe says of one customer at one moment.

    `subscription` is the one that counts: the oldest of those that go on; else the newest that ended; None where there
    never was one. `surplus` are others that go on too (two Checkouts were paid at once): they are to end.
    """

    customer_id: str
    subscription: SubscriptionFacts | None = None
    surplus: tuple[SubscriptionFacts, ...] = ()
    invoice_number: str = ""
    """The number of the subscription's newest invoice."""


NO_FACTS = StripeFacts("")
"""Of a tenant that was never a customer."""


@dataclass(frozen=True, slots=True)
class StripePrice:
    """A price at Stripe: what a seat costs in a currency for a month or a year."""

    price_id: str
    product_id: str
    plan: str
    interval: str
    currency: str
    amount: int
    active: bool
    lookup_key: str = ""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a change would cost, by Stripe's own reckoning; nothing is changed by asking.

    `now` is charged at once, taxes included (0 where nothing is; what is owed back is credited and never negative);
    `accrued` is for the rest of this period and comes with the next invoice, `then` each period from `from_at` on,
    both without taxes.
    """

    now: int
    then: int
    currency: str
    from_at: datetime
    seats: int
    at_once: bool = True
    """Whether the change holds from now on; a lowering holds from the period's end."""
    accrued: int = 0


SeatCost: TypeAlias = Cost
ChangeCost: TypeAlias = Cost


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """An invoice as people look for it; `state` is draft, open, paid, void or uncollectible; `due` is left to pay."""

    number: str
    at: datetime
    amount: int
    currency: str
    state: str
    pdf_url: str = ""
    page_url: str = ""
    due: int = 0


@dataclass(frozen=True, slots=True)
class InvoicePage:
    """Invoices, newest first; `older` is what the next page comes after, "" where there is none."""

    lines: tuple[InvoiceLine, ...] = ()
    older: str = ""


@dataclass(frozen=True, slots=True)
class NextInvoice:
    """What will be charged next, and when."""

    amount: int
    currency: str
    at: datetime


@dataclass(frozen=True, slots=True)
class EventFacts:
    """An event of Stripe's, and whose it is as far as it says itself."""

    event_id: str
    type: str
    object_id: str
    customer_id: str
    created_at: datetime
    livemode: bool
    installation: str = ""
    tenant_id: UUID | None = None
    payload: dict[str, object] = field(default_factory=dict, compare=False)
