"""A row of `subscriptions` as a plain value, which rules can be asked about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

FOR_DELETION = "deletion"
"""The reason of a cancellation that followed from the deletion of the workspace, and goes with its withdrawal."""


@dataclass(frozen=True, slots=True)
class Held:
    """What a workspace has and pays as it was read, column for column (`billing.models.Subscription`)."""

    tenant_id: UUID
    plan: str
    interval: str
    currency: str
    source: str
    state: str
    seats: int
    seats_wanted: int | None
    seats_due_at: datetime | None
    next_plan: str
    next_interval: str
    trial_ends_at: datetime | None
    period_ends_at: datetime | None
    past_due_since: datetime | None
    state_since: datetime
    cancel_at_period_end: bool
    cancel_to: str
    cancel_reason: str
    cancel_words: str
    customer_id: str | None
    subscription_id: str | None
    price_id: str | None
    amount: int | None
    invoice_number: str
    paid_until: datetime | None
    asked: int
    settled: int
    told: tuple[str, ...]
    version: int = 1
