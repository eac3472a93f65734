"""What every part of the gateway asks Stripe with."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any


class Asking(ABC):
    """The client of Stripe's package, and for whom it asks."""

    installation: str
    _client: Any

    @abstractmethod
    def _told(self) -> AbstractContextManager[None]:
        """Turn Stripe's errors into ours while it is asked."""

    def _all(self, service: Any, asked: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield all that a list has, page by page."""
        found = service.list({"limit": 100, **asked})
        yield from (one.to_dict(for_json=True) for one in found.auto_paging_iter())


def once(key: str) -> Any:
    """Return the option by which a request that is sent twice is carried out once."""
    return {"idempotency_key": key}
