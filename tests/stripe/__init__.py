"""A local double of Stripe: its API, its hosted pages and its webhooks, with a clock that can be moved.

Only loopback, no money, no internet. What it knows it answers as Stripe's description says; what it does not know it
refuses loudly. `Double` is the way in.
"""

from tests.stripe.double import KEY, Double

__all__ = ["KEY", "Double"]
