"""Pure rules of signing in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Patience:
    """How many failures are free, and how the wait grows after them, in seconds."""

    free: int
    first: int
    longest: int
    forget: timedelta = timedelta(hours=24)


PER_ACCOUNT = Patience(free=5, first=2, longest=900)
PER_ADDRESS = Patience(free=30, first=2, longest=900)
SIGN_UPS_PER_ADDRESS = Patience(free=20, first=30, longest=3600)
LINKS_PER_ACCOUNT = Patience(free=3, first=60, longest=3600)
LINKS_PER_ADDRESS = Patience(free=20, first=30, longest=3600)
INVITATIONS_PER_WORKSPACE = Patience(free=100, first=60, longest=3600)


def wait_after(failures: int, patience: Patience) -> timedelta:
    """Return how long the next attempt must wait: nothing at first, then doubling up to the longest."""
    over = failures - patience.free
    if over < 0:
        return timedelta(0)
    return timedelta(seconds=min(patience.first * 2 ** min(over, 20), patience.longest))


def counted(failures: int, last: datetime | None, now: datetime, patience: Patience) -> int:
    """Return the failures that still count: none after a day without any."""
    return 0 if last is None or now - last > patience.forget else failures
