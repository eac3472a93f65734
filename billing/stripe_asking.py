"""What every part of the gateway asks Stripe with."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from itertools import islice
from typing import Any, TypeVar

from saas_crm.core.clock import now as present

Answer = TypeVar("Answer")
KEPT_AT_MOST = 600
"""Seconds for which a fault that Stripe keeps by its key stands in the way of who asks for the same."""
PAGE = 100
"""What Stripe tells at a time at most."""


class Asking(ABC):
    """The client of Stripe's package, and for whom it asks."""

    installation: str
    _client: Any
    _sends: Any

    @abstractmethod
    def _told(self) -> AbstractContextManager[None]:
        """Turn Stripe's errors into ours while it is asked."""

    def _all(self, path: str, asked: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield all that a list has, page by page, as it was sent.

        Not by the package's objects: of a hundred subscriptions they would be some ten thousand, thrown away at once.
        """
        after: dict[str, str] = {}
        while True:
            found = self._sends.raw_request("get", f"/v1/{path}", **{"limit": PAGE, **asked, **after}).data
            yield from found["data"]
            if not (found["has_more"] and found["data"]):
                return
            after = {"starting_after": found["data"][-1]["id"]}

    def _once(self, key: str, ask: Callable[[Any], Answer]) -> Answer:
        """Ask with a key, by which a request that is sent twice is carried out once.

        Stripe keeps its own faults by the key as well, and says them again for a day
        (https://docs.stripe.com/api/idempotent_requests). Where it does, the key of these minutes is taken: all who
        have the same intent then have the same one.
        """
        try:
            return ask(once(key))
        except Exception as failed:
            if not _is_fault_of_before(failed):
                raise
        return ask(once(f"{key}.{int(present().timestamp()) // KEPT_AT_MOST}"))


def _is_fault_of_before(failed: Exception) -> bool:
    """Whether Stripe only said again that it had failed when it was asked before."""
    headers = {str(name).lower(): value for name, value in (getattr(failed, "headers", None) or {}).items()}
    return (getattr(failed, "http_status", None) or 0) >= 500 and headers.get("idempotent-replayed") == "true"


def in_pages(found: Iterable[Any], size: int = PAGE) -> Iterator[list[Any]]:
    """Yield what a list has some at a time, as many as are asked for at once."""
    rest = iter(found)
    while some := list(islice(rest, size)):
        yield some


def once(key: str) -> Any:
    """Return the option by which a request that is sent twice is carried out once."""
    return {"idempotency_key": key}
