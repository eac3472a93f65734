"""How many requests a token may send in a minute, told in headers (draft-ietf-httpapi-ratelimit-headers-10).

Each process counts by itself and allows its share, so that no request asks the database for its own number.
"""

from __future__ import annotations

import math
import threading
import time

from flask import Flask, Response, current_app, g, request
from limits import RateLimitItemPerMinute
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter

from mobile_api.problems import ApiProblem, problem
from saas_crm.access.throttle import network_of
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
        self.item = RateLimitItemPerMinute(math.ceil(per_minute / processes))
        self.limiter = FixedWindowRateLimiter(Counters())
        self.policy = f'"token";q={self.item.amount};w={PERIOD}'

    def hit(self, key: str) -> bool:
        """Count one request; whether it is within the limit."""
        return self.limiter.hit(self.item, key)

    def left(self, key: str) -> tuple[int, int]:
        """Return how many requests are left, and in how many seconds they are all there again."""
        reset, remaining = self.limiter.get_window_stats(self.item, key)
        return max(remaining, 0), max(math.ceil(reset - time.time()), 0)


def init_app(app: Flask, settings: Settings) -> None:
    """Give the application its limit."""
    app.extensions["api_limit"] = Limit(settings.api_requests_per_minute, settings.web_workers)


def count_request() -> None:
    """Count this request against its token, or against the caller's network where there is none.

    Raises ApiProblem (429).
    """
    limit: Limit = current_app.extensions["api_limit"]
    caller = g.token_id if "token_id" in g else network_of(request.remote_addr or "")
    key = f"{g.tenant.id}:{caller}"
    allowed = limit.hit(key)
    left, seconds = limit.left(key)
    g.api_limit = {"RateLimit-Policy": limit.policy, "RateLimit": f'"token";r={left};t={seconds}'}
    if not allowed:
        raise ApiProblem(problem("too-many-requests"), {"Retry-After": str(max(seconds, 1))})


def tell_limit(response: Response) -> Response:
    """Say in the answer how much is left."""
    for name, value in g.get("api_limit", {}).items():
        response.headers[name] = value
    return response
