"""The only door to Stripe: its package, its address, its errors and its idempotency keys stay in here.

Nothing may be held while Stripe is asked: no transaction, no lock, no connection of the pool. Whoever calls asks first
and writes then. Every request that changes something carries a key that its caller derives from our own rows, so that
one that is sent again (by the package, or after a crash) is carried out once.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import stripe
import structlog

from billing.errors import CardDeclined, StripeBusy, StripeRefused, StripeUnreachable
from billing.patience import LONG, Breaker, Patience
from billing.stripe_changing import Changing
from billing.stripe_hosted import Hosted
from billing.stripe_leaving import Leaving
from billing.stripe_looks import Looks
from billing.stripe_shelf import Shelf

log = structlog.get_logger(__name__)
API_VERSION = "2026-10-28.endive"
"""Every answer is read as this version has it, whatever the account's own is: a new one is a change of our code."""
TOO_MANY = 429
LONGEST_WAIT = 60.0
"""Seconds that Stripe may tell us to wait; beyond that it is asked again and will say so again."""


class StripeGateway(Looks, Changing, Hosted, Shelf, Leaving):
    """Stripe, for one installation: takes and returns plain values, raises `billing.errors` only."""

    def __init__(
        self, key: str, installation: str, *, base: str | None = None, http: Any = None, patience: Patience = LONG
    ) -> None:
        """Ask with `key` at Stripe's address, or at `base`; `http` sends the requests in place of the network."""
        stripe.enable_telemetry = False
        logging.getLogger("stripe").setLevel(logging.WARNING)  # below that it writes down what Stripe says of people
        self.installation = installation
        self.live = key.startswith(("sk_live_", "rk_live_"))
        self._sends = stripe.StripeClient(
            key, stripe_version=API_VERSION, max_network_retries=patience.again,
            base_addresses={"api": base} if base else None, http_client=http or Wire(patience),
        )  # fmt: skip
        self._client = self._sends.v1

    def _told(self) -> AbstractContextManager[None]:
        return told()


class Wire(stripe.HTTPClient):
    """Requests as the package sends them, for as long as who asks may wait, and none to who has fallen silent."""

    name = "requests"

    def __init__(self, patience: Patience) -> None:
        """Keep connections of each thread, and what is known of who answers."""
        super().__init__()
        self._patience, self._breaker = patience, Breaker()
        self._places = threading.BoundedSemaphore(patience.places)
        self._reads = stripe.RequestsClient(timeout=(patience.connect, patience.read))
        self._writes = stripe.RequestsClient(timeout=(patience.connect, patience.write))
        self._told = threading.local()

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, *,
        _usage: list[str] | None = None,
    ) -> tuple[Any, int, Mapping[str, str]]:  # fmt: skip
        """Send a request once; raises the package's APIConnectionError where no answer comes, or nobody is asked."""
        changes = method.lower() != "get" and not url.endswith("/create_preview")
        with self._turn():
            try:
                found = (self._writes if changes else self._reads).request(method, url, headers, post_data)
            except stripe.APIConnectionError:
                if self._breaker.was_silent() and self._patience.brief:
                    log.warning("Stripe is silent: for some seconds nobody is sent there")
                raise
        self._breaker.answered()
        return found

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait for a place where people wait; raises the same where that is in vain."""
        if not self._patience.brief:
            yield
            return
        if not self._breaker.lets_ask() or not self._places.acquire(timeout=self._patience.place):
            raise stripe.APIConnectionError("not asked", should_retry=False)  # type: ignore[no-untyped-call]
        try:
            yield
        finally:
            self._places.release()

    def _should_retry(
        self, response: Any, api_connection_error: Any, num_retries: int, max_network_retries: int | None
    ) -> bool:
        """Ask again where the package does; never after a wait in vain where people wait, and after a 429 where not."""
        busy = response is not None and response[1] == TOO_MANY
        self._told.seconds = _seconds(response[2].get("Retry-After")) if busy else 0.0
        if busy:
            return num_retries < self._patience.later
        silent = api_connection_error.__cause__ if api_connection_error is not None else None
        if self._patience.brief and isinstance(silent, self._reads.requests.exceptions.Timeout):
            return False
        return bool(super()._should_retry(response, api_connection_error, num_retries, max_network_retries))

    def _sleep_time_seconds(self, num_retries: int) -> float:
        """Wait for as long as Stripe said, if it did."""
        told: float = self._told.seconds
        return max(float(super()._sleep_time_seconds(num_retries)), told)

    def close(self) -> None:
        """Close this thread's connections."""
        for client in (self._reads, self._writes):
            client.close()  # type: ignore[no-untyped-call]


def _seconds(told: str | None) -> float:
    """Return what Retry-After says; 0 for nothing, and for a date, which Stripe never sends."""
    try:
        return min(max(float(told or 0), 0.0), LONGEST_WAIT)
    except ValueError:
        return 0.0


@contextmanager
def told() -> Iterator[None]:
    """Turn Stripe's errors into ours. Their texts may name people and cards, so only codes are kept.

    Whoever wants to read the text finds it in Stripe's dashboard, by the id of the request.
    """
    try:
        yield
    except stripe.CardError as declined:
        why = getattr(declined.error, "decline_code", None) or declined.code
        raise CardDeclined(str(why or "")) from None
    except stripe.APIConnectionError as silent:
        raise StripeUnreachable(type(silent).__name__) from None
    except stripe.StripeError as refused:
        status, code = refused.http_status or 0, str(refused.code or "")
        if status in (409, TOO_MANY) or status >= 500:
            raise StripeBusy(f"HTTP {status}") from None
        param = str(getattr(refused, "param", None) or "")
        words = (type(refused).__name__, code, param, refused.request_id or "")
        raise StripeRefused(" ".join(word for word in words if word), code, status, param) from None
