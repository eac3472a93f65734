"""Subscriptions that are not to go on: all of a cancelled workspace, else a second one that was paid at once.

Whoever sees some notes that in the workspace's row, with all else that follows from the look, and ends them; the look
that sees none left takes the note away. So where somebody is interrupted between, the hourly turn knows whom it is
about (`is_left`, `left`), and asks Stripe about nobody else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from sqlalchemy import ColumnElement, and_, any_, literal

from billing.held import Held
from billing.models import Subscription
from billing.rules import Standing
from billing.stripe_facts import StripeFacts

if TYPE_CHECKING:
    from billing.stripe_gateway import StripeGateway

log = structlog.get_logger(__name__)
TO_END = "to_end"
"""The note, among what was told: it goes with the state as that does, and nobody who has the page open sees it."""


def noted(told: tuple[str, ...], standing: Standing) -> tuple[str, ...]:
    """Return what is told and noted after a look at Stripe that found a standing."""
    if standing.surplus:
        return told if TO_END in told else (*told, TO_END)
    return tuple(key for key in told if key != TO_END)


def end(gateway: StripeGateway, standing: Standing, facts: StripeFacts) -> None:
    """End what is not to go on; what a second one cost counts for the next invoices.

    Done twice it is done once. Raises StripeUnreachable and StripeRefused.
    """
    counts = facts.subscription.subscription_id if facts.subscription else ""
    paid = {one.subscription_id for one in facts.surplus if not one.owes}
    for subscription_id in standing.surplus:
        log.warning("subscription ended", subscription=subscription_id, second=subscription_id != counts)
        gateway.end(subscription_id, credit=subscription_id in paid, key=f"end-{subscription_id}")


def is_left(row: Held) -> bool:
    """Whether something was to be ended, and no look has seen yet that it is."""
    return row.source == "stripe" and TO_END in row.told


def left() -> ColumnElement[bool]:
    """Return the condition for rows of which `is_left` holds."""
    return and_(Subscription.source == "stripe", literal(TO_END) == any_(Subscription.told))
