"""The gateway of the running installation, if it takes money at all."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from billing.errors import BillingOff
from billing.patience import Patience, at_hand
from billing.subscriptions import installation_id
from tenants.db import db
from tenants.one_at_a_time import let_go
from tenants.settings import Settings

if TYPE_CHECKING:
    from billing.stripe_gateway import StripeGateway


def on(settings: Settings) -> bool:
    """Whether plans are sold here: a Stripe key is set."""
    return settings.bills


def gateway_of(settings: Settings) -> StripeGateway | None:
    """Return the door to Stripe; None where billing is off. How long it is waited for there is said by `patience`.

    Whoever wants it is about to wait for the network: the transaction this thread reads in ends here, so that no
    connection waits with it. Raises RuntimeError where something was changed in it.
    """
    if settings.stripe_secret_key is None:
        return None
    _let_go()
    key = settings.stripe_secret_key.get_secret_value()
    return _made(key, installation_id(), settings.stripe_api_base, at_hand())


def gateway_needed(settings: Settings) -> StripeGateway:
    """Return the same; raises BillingOff."""
    found = gateway_of(settings)
    if found is None:
        raise BillingOff("STRIPE_SECRET_KEY is not set")
    return found


def _let_go() -> None:
    """End what this thread has read in its tenant: nothing is held there while the network is waited for."""
    if db.session.registry.has():
        let_go()
        if db.session().in_transaction():
            raise RuntimeError("Stripe is asked before anything is changed, or after its commit")


@lru_cache(maxsize=8)
def _made(key: str, installation: str, base: str | None, patience: Patience) -> StripeGateway:
    """Make it once: it keeps connections, and knows who was silent. Stripe's package takes a second to load."""
    from billing.stripe_gateway import StripeGateway

    return StripeGateway(key, installation, base=base, patience=patience)
