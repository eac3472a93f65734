"""The stripe package's own client upon the double, without HTTP between them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import orjson
import stripe

from tests.stripe.core import Broken, Core
from tests.stripe.description import VERSION
from tests.stripe.errors import Misused, Refused
from tests.stripe.forms import parse


def answered(
    core: Core, method: str, url: str, headers: Mapping[str, str], body: str
) -> tuple[bytes, int, dict[str, str]]:
    """Answer a request as it is sent. Raises Broken where the connection breaks."""
    parts = urlsplit(url)
    named = {name.lower(): value for name, value in headers.items()}
    more: dict[str, str] = {}
    try:
        _let_in(named)
        params = parse(parts.query) | parse(body)
        key = named.get("idempotency-key")
        content, status = orjson.dumps(core.request(method.upper(), parts.path, params, key)), 200
        more = {"Idempotent-Replayed": "true"} if core.requests[-1].replayed else {}
    except Refused as refused:
        if isinstance(refused, Misused) and (
            not core.violations or refused.error["message"] not in core.violations[-1]
        ):
            core.violations.append(f"{method} {url}: {refused.error['message']}")
        content, status = orjson.dumps(refused.body), refused.status
        more = {"Idempotent-Replayed": "true"} if core.requests and core.requests[-1].replayed else {}
    asked = core.requests[-1].id if core.requests else "req_none"
    return content, status, {
        "Content-Type": "application/json", "Request-Id": asked, "Stripe-Version": VERSION, **more,
    }  # fmt: skip


def _let_in(headers: dict[str, str]) -> None:
    if not headers.get("authorization", "").startswith("Bearer sk_test_"):
        raise Refused(401, "You did not provide an API key of test mode.", type="invalid_request_error")
    if headers.get("stripe-version") != VERSION:
        raise Misused(400, f"The double speaks {VERSION}, and was asked for {headers.get('stripe-version')}.")


class DirectClient(stripe.HTTPClient):
    """An HTTP client of the package that asks the double in the same process."""

    name = "double"

    def __init__(self, core: Core) -> None:
        super().__init__()
        self._core = core

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:  # fmt: skip
        try:
            content, status, more = answered(self._core, method, url, headers or {}, post_data or "")
        except Broken:
            raise stripe.APIConnectionError("The connection broke.", should_retry=True) from None
        return content.decode(), status, more

    def _sleep_time_seconds(self, num_retries: int) -> float:
        return 0

    def close(self) -> None:
        """There is nothing to close."""
