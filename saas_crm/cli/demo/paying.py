"""The demo's payment service: a double of Stripe on this machine, where the demo is started from a checkout.

What is installed has no tests and therefore no double; there, and where it is switched off, no money is taken.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

MODULE = "tests.stripe"
CHECKOUT = Path(__file__).resolve().parents[3]
DESCRIPTION = Path(sys.prefix) / "stripe" / "description.json"
"""Of Stripe's API, which the double reads; `make` has put it there."""


@dataclass(frozen=True, slots=True)
class Till:
    """Where the double listens, and the keys it is spoken to by."""

    port: int
    secret: str

    @property
    def url(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        """Return the settings by which the product takes money there."""
        return {
            "STRIPE_SECRET_KEY": "sk_test_double", "STRIPE_WEBHOOK_SECRET": self.secret, "STRIPE_API_BASE": self.url,
        }  # fmt: skip

    def options(self, state: Path, base_url: str) -> Sequence[str]:
        """Return what it is started with; its state is kept from one start to the next."""
        return [
            "--port", str(self.port), "--state", str(state), "--webhook", f"{base_url}/billing/stripe/webhook",
            "--secret", self.secret,
        ]  # fmt: skip


def is_there() -> bool:
    """Whether this is a checkout that can run the double."""
    double = CHECKOUT / "tests" / "stripe" / "__main__.py"
    return double.exists() and DESCRIPTION.exists() and find_spec("stripe") is not None


def with_checkout(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment in which the checkout's own tests can be imported."""
    return {**environment, "PYTHONPATH": str(CHECKOUT)}


def secret_of(secret_key: str) -> str:
    """Return what the double signs its messages with: the same at each start of one demo, which keeps its state."""
    return f"whsec_{hashlib.sha256(f'webhooks of {secret_key}'.encode()).hexdigest()[:32]}"
