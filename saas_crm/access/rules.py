"""Pure rules of signing in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Patience:
    """How many failures are free, how the wait grows after them, in seconds, and how they are forgiven.

    One is forgiven each `forgive_one`, so that an address many people share is not kept waiting by the sum of their
    slips; all of them after `forget` without any.
    """

    free: int
    first: int
    longest: int
    forgive_one: timedelta = timedelta(hours=1)
    forget: timedelta = timedelta(hours=24)


PER_ACCOUNT = Patience(free=5, first=2, longest=900)
PER_ADDRESS = Patience(free=30, first=2, longest=900, forgive_one=timedelta(minutes=10))
SIGN_UPS_PER_ADDRESS = Patience(free=20, first=30, longest=3600)
LINKS_PER_ACCOUNT = Patience(free=3, first=60, longest=3600, forgive_one=timedelta(hours=4))
LINKS_PER_ADDRESS = Patience(free=20, first=30, longest=3600)
INVITATIONS_PER_WORKSPACE = Patience(free=100, first=60, longest=3600, forgive_one=timedelta(minutes=15))


def wait_after(failures: int, patience: Patience) -> timedelta:
    """Return how long the next attempt must wait: nothing at first, then doubling up to the longest."""
    over = failures - patience.free
    if over < 0:
        return timedelta(0)
    return timedelta(seconds=min(patience.first * 2 ** min(over, 20), patience.longest))


def counted(failures: int, since: datetime, now: datetime, patience: Patience) -> tuple[int, datetime]:
    """Return the failures that still count, and the moment up to which forgiving has been reckoned.

    `since` is that moment when they were counted last. What is left of an interval counts towards the next
    forgiveness, or somebody who fails a little more often than that would never be forgiven.
    """
    forgiven = max((now - since) // patience.forgive_one, 0)
    if failures <= forgiven or now - since > patience.forget:
        return 0, now
    return failures - forgiven, since + forgiven * patience.forgive_one
