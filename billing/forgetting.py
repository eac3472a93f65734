"""A customer that Stripe has no more: deleted there by hand, or the key is of another account or mode now.

What the workspace owed and paid there is over: it goes on without a subscription and without debts, and becomes another
customer as soon as somebody subscribes. The operator finds it in the log.
"""

from __future__ import annotations

from dataclasses import replace

import structlog

from billing.held import Held
from billing.stripe_facts import NO_FACTS, StripeFacts

log = structlog.get_logger(__name__)


def without_customer(row: Held) -> StripeFacts | None:
    """Return what counts of who is no customer any more: nothing; None where the clock alone is to be looked at.

    A workspace that its people have closed goes on being closed.
    """
    closed = row.state == "cancelled" and row.cancel_to == "closed"
    log.error(
        "customer is not there at Stripe any more", customer=row.customer_id, tenant=str(row.tenant_id),
        was=row.state, forgotten=not closed,
    )  # fmt: skip
    return None if closed else NO_FACTS


def forgotten(after: Held, customer_id: str) -> Held:
    """Return what is held without a customer, if it is still this one."""
    return replace(after, customer_id=None) if customer_id and after.customer_id == customer_id else after
