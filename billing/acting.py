"""What every act upon a subscription begins with: what is so at Stripe just now, and a number for the act."""

from __future__ import annotations

from dataclasses import dataclass, field
from secrets import token_hex
from typing import TYPE_CHECKING
from uuid import UUID

from billing.errors import CustomerGone, NothingToDo
from billing.gateways import gateway_needed
from billing.held import Held
from billing.settling import settle
from billing.stripe_facts import SubscriptionFacts
from billing.subscriptions import claim_version, held, take_number
from tenants.settings import Settings

if TYPE_CHECKING:
    from billing.stripe_gateway import StripeGateway


@dataclass(frozen=True, slots=True)
class Act:
    """An act upon a subscription that goes on; `key` is the idempotency key that its request carries.

    Every act begins with a look at what is so, and says absolutely what is to be: what a killed one had done is found
    done by the next. So its key is its own, and cannot come again where its number does, because the database was put
    back to what a backup held.
    """

    gateway: StripeGateway
    held: Held
    now: SubscriptionFacts
    number: int
    own: str = field(default_factory=lambda: token_hex(8))

    def key(self, kind: str) -> str:
        """Return a key that only this act has: what is sent again because no answer came is carried out once."""
        return f"{kind}-{self.held.tenant_id}-{self.number}-{self.own}"

    def claim(self, version: int | None) -> None:
        """Go on as the one who changes the `version` that they saw, or whichever it is; raises VersionConflict.

        The last step before Stripe is told: what cannot be done anyway keeps nobody else from their change.
        """
        claim_version(self.held.tenant_id, version)


def begin(settings: Settings, tenant_id: UUID, *, only_look: bool = False) -> Act:
    """Look up what is so, and take a number; raises NothingToDo where no subscription goes on, and BillingOff.

    Who will `only_look` (a preview) takes none: nothing is written, here or at Stripe.
    """
    gateway = gateway_needed(settings)
    row = held(tenant_id)
    number = 0 if only_look else take_number(tenant_id)
    if row is None or number is None or not row.customer_id:
        raise NothingToDo("no customer")
    try:
        now = gateway.facts(row.customer_id).subscription
    except CustomerGone:
        if not only_look:
            settle(settings, tenant_id)
        raise NothingToDo("no customer") from None
    if now is None or not now.lives:
        raise NothingToDo("no subscription")
    return Act(gateway, row, now, number)
