"""How much one caller may ask in a minute, counted in each process's memory: no request asks the database for it.

Programs are counted by `mobile_api.limiting`. Here it is what signed-in people change on pages: far more than hands can
do, so that a script in somebody's name does not fill a workspace.
"""

from __future__ import annotations

import math
import threading
import time

from flask import Flask, current_app, g, request
from limits import RateLimitItemPerMinute
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter

from saas_crm.access.throttle import TooManyAttempts, network_of
from saas_crm.edge.current import user_or_none
from tenants.settings import Settings

PERIOD = 60  # seconds
MOST_KEYS = 10_000


class Counters(Storage):
    """Counts in this process's memory, forgotten when their time is over.

    `limits` has a MemoryStorage, which starts a thread with nearly every hit (measured: 0.6 ms of CPU each).
    """

    STORAGE_SCHEME = None

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._held: dict[str, tuple[float, int]] = {}

    @property
    def base_exceptions(self) -> type[Exception]:
        """Return what memory can raise: nothing that matters here."""
        return ValueError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count `amount` more, from zero when the time is over; return the sum."""
        moment = time.time()
        with self._lock:
            until, count = self._held.get(key, (0.0, 0))
            if until <= moment:
                self._make_room(moment)
                until, count = moment + expiry, 0
            self._held[key] = (until, count + amount)
        return count + amount

    def get(self, key: str) -> int:
        """Return the present count."""
        until, count = self._held.get(key, (0.0, 0))
        return count if until > time.time() else 0

    def get_expiry(self, key: str) -> float:
        """Return when the count begins anew, in seconds since the epoch."""
        return max(self._held.get(key, (0.0, 0))[0], time.time())

    def check(self) -> bool:
        """Return whether it works: memory does."""
        return True

    def reset(self) -> int:
        """Forget everything; return how much that was."""
        with self._lock:
            count = len(self._held)
            self._held.clear()
        return count

    def clear(self, key: str) -> None:
        """Forget one count."""
        self._held.pop(key, None)

    def _make_room(self, moment: float) -> None:
        """Drop what is over; if too much is still counted, the older half too, rather than grow without end."""
        if len(self._held) < MOST_KEYS:
            return
        living = [(key, held) for key, held in self._held.items() if held[0] > moment]
        self._held = dict(living[len(living) // 2 :] if len(living) >= MOST_KEYS else living)


class Limit:
    """The limit of one process."""

    def __init__(self, per_minute: int, processes: int) -> None:
        """Allow each of the processes its share."""
        self._per_minute, self._processes = per_minute, processes
        self._items: dict[int, RateLimitItemPerMinute] = {}
        self.limiter = FixedWindowRateLimiter(Counters())

    def policy(self, most: int | None = None) -> str:
        """Return the limit as headers tell it; `most` is a plan's, where that is less."""
        return f'"token";q={self._item(most).amount};w={PERIOD}'

    def hit(self, key: str, most: int | None = None) -> bool:
        """Count one request; whether it is within the limit."""
        return self.limiter.hit(self._item(most), key)

    def left(self, key: str, most: int | None = None) -> tuple[int, int]:
        """Return how many requests are left, and in how many seconds they are all there again."""
        reset, remaining = self.limiter.get_window_stats(self._item(most), key)
        return max(remaining, 0), max(math.ceil(reset - time.time()), 0)

    def _item(self, most: int | None) -> RateLimitItemPerMinute:
        share = math.ceil(min(self._per_minute, most or self._per_minute) / self._processes)
        return self._items.get(share) or self._items.setdefault(share, RateLimitItemPerMinute(share))


def init_app(app: Flask, settings: Settings) -> None:
    """Count what signed-in people send to pages, before anything else looks at it."""
    app.extensions["page_limit"] = Limit(settings.api_requests_per_minute, settings.web_workers)
    app.extensions["network_limit"] = Limit(settings.api_requests_per_minute, settings.web_workers)
    app.before_request(_count_change)


def _count_change() -> None:
    """Count a change against who is signed in; raises TooManyAttempts.

    Only where the endpoint has asked who that is: the others have limits of their own, by account and address.
    """
    if request.method in ("GET", "HEAD", "OPTIONS") or "token_id" in g or "_login_user" not in g:
        return
    user = user_or_none()
    if user is not None:
        _count("page_limit", str(user.id))


def count_network() -> None:
    """Count this request against the network it comes from; raises TooManyAttempts.

    For what reckons for whoever asks and is counted nowhere else: an office that signs up together stays far below.
    """
    _count("network_limit", network_of(request.remote_addr or ""))


def _count(which: str, key: str) -> None:
    limit: Limit = current_app.extensions[which]
    if not limit.hit(key):
        raise TooManyAttempts(max(limit.left(key)[1], 1))
