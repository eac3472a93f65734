"""The product's own client upon the double, straight: no socket between them, and no pauses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import stripe

from tests.stripe.double import Double


@contextmanager
def straight_to(double: Double) -> Iterator[None]:
    """Let what is sent to this double be answered within the process, and what is asked again be asked at once.

    For who asks a hundred thousand times. The product's own client stays as it is, with its patience, its errors and
    what it asks again; only what the package would give to the network is given to the double.
    """
    sent, direct, base = stripe.RequestsClient.request, double.http_client(), double.url

    def request(self: Any, method: str, url: str, headers: Any, post_data: Any = None) -> Any:
        if url.startswith(f"{base}/"):
            return direct.request(method, url, headers, post_data)
        return sent(self, method, url, headers, post_data)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stripe.RequestsClient, "request", request)
        patch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0)
        yield
