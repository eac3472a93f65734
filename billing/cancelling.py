"""Ending a subscription with its period, and taking that back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update

from billing.acting import begin
from billing.card_numbers import without_cards
from billing.closing import deletion_due
from billing.errors import NothingToDo
from billing.models import Subscription
from billing.settling import settle
from billing.unconfirmed import withdraw
from billing.who import by_member
from saas_crm.access.permissions import CurrentMember
from tenants.context import ActiveTenant
from tenants.db import SHARED, db
from tenants.settings import Settings

REASONS = ("too_expensive", "missing_features", "switched_service", "unused", "customer_service", "too_complex",
           "low_quality", "other")  # fmt: skip
"""Stripe's own: https://docs.stripe.com/api/subscriptions/update, cancellation_details.feedback."""
LONGEST_WORDS = 1_000
"""As many as pages and programs may send; Stripe takes 5,000 (cancellation_details.comment)."""


def cancel(
    settings: Settings, tenant: ActiveTenant, *, to: str, reason: str, words: str, actor: CurrentMember | None,
    version: int | None = None, now: datetime | None = None,
) -> None:  # fmt: skip
    """Let the subscription end with its period; then the workspace goes on as Free, or is `closed`.

    Raises NothingToDo where none goes on, ValueError for a `to` or a reason that is none, VersionConflict where
    `version` is not what is there any more, StripeUnreachable.
    """
    if to not in ("free", "closed") or reason not in REASONS:
        raise ValueError(f"{to} {reason}")
    by, act = by_member(actor), begin(settings, tenant.id)
    act.claim(version)
    withdraw(act)  # who leaves does not pay for a larger plan
    said = without_cards(words.strip())[:LONGEST_WORDS]
    act.gateway.cancel_at_end(act.now, to=to, reason=reason, words=said, key=act.key("cancel"))
    _note(tenant, cancel_reason=reason, cancel_words=said)
    settle(settings, tenant.id, now=now, by=by)


def take_back(
    settings: Settings, tenant: ActiveTenant, *, actor: CurrentMember | None, version: int | None = None,
    now: datetime | None = None,
) -> None:  # fmt: skip
    """Let a subscription go on that was to end.

    Raises NothingToDo where it has ended, or ends because the workspace is to be deleted: that is what is to be taken
    back. Raises VersionConflict where `version` is not what is there any more, and StripeUnreachable.
    """
    if deletion_due(tenant.id) is not None:
        raise NothingToDo("the workspace is to be deleted; take that back")
    by, act = by_member(actor), begin(settings, tenant.id)
    if act.now.cancels_at is None:
        settle(settings, tenant.id, now=now)
        raise NothingToDo("it goes on already")
    act.claim(version)
    act.gateway.take_back(act.now, key=act.key("take-back"))
    _note(tenant, cancel_reason="", cancel_words="")
    settle(settings, tenant.id, now=now, by=by)


def _note(tenant: ActiveTenant, **values: str) -> None:
    with db.engines[SHARED].begin() as connection:
        connection.execute(update(Subscription).where(Subscription.tenant_id == tenant.id).values(**values))
