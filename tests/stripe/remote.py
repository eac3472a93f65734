"""A double in another process, steered by its control addresses."""

from __future__ import annotations

from typing import Any

import httpx

from tests.stripe.errors import Refused


class Remote:
    """A double at a URL: `Remote("http://127.0.0.1:8090").advance(days=3)`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = httpx.Client(base_url=f"{url}/_control", timeout=30, trust_env=False)

    def _ask(self, where: str, /, **sent: Any) -> Any:
        return _read(self._client.post(where, json=sent))

    def _get(self, where: str, /, **query: str) -> Any:
        return _read(self._client.get(where, params=query))

    @property
    def now(self) -> int:
        """The double's time, in seconds."""
        return int(self._get("/clock")["now"])

    def advance_to(self, moment: int) -> None:
        """Move the clock, and let happen what is due until then."""
        self._ask("/clock", to=moment)

    def advance(self, *, days: float = 0, hours: float = 0, seconds: int = 0) -> None:
        """Move the clock by so much."""
        self._ask("/clock", by=int(days * 86_400 + hours * 3_600) + seconds)

    def account(self, **settings: Any) -> dict[str, Any]:
        """Change settings of the dashboard, and return all of them."""
        found: dict[str, Any] = self._ask("/account", **settings)
        return found

    def cards(self, customer_id: str, does: str) -> None:
        """Let the customer's payment methods do this from now on."""
        self._ask("/cards", customer_id=customer_id, does=does)

    def trouble(self, kind: str, times: int = 1, path: str = "") -> None:
        """Let the next requests go wrong."""
        self._ask("/trouble", kind=kind, times=times, path=path)

    def act(self, name: str, **given: Any) -> Any:
        """Do what a person does in Stripe's pages: a method of Acts by its name. Raises Refused."""
        return self._ask(f"/acts/{name}", **given)

    def requests(self) -> list[dict[str, Any]]:
        """Return what was asked, oldest first."""
        return list(self._get("/requests"))

    def violations(self) -> list[str]:
        """Return what was asked against Stripe's description."""
        return list(self._get("/violations"))

    def events(self, type: str = "") -> list[dict[str, Any]]:
        """Return what was told, oldest first."""
        return list(self._get("/events", type=type))

    def endpoint(self, url: str, secret: str = "whsec_double", events: tuple[str, ...] = ("*",)) -> None:
        """Send events there."""
        self._ask("/webhooks/endpoint", url=url, secret=secret, events=events)

    def switch(self, **how: Any) -> None:
        """Turn the switches of webhooks."""
        self._ask("/webhooks/switch", **how)

    def auto(self, on: bool = True) -> None:
        """Send webhooks by itself, or only by `deliver`."""
        self._ask("/webhooks/auto", on=on)

    def deliver(self) -> list[int]:
        """Send what is due now; return the statuses."""
        return list(self._ask("/webhooks/deliver"))

    def undelivered(self) -> list[dict[str, Any]]:
        """Return what nobody has taken yet."""
        return list(self._get("/webhooks/undelivered"))

    def reset(self) -> None:
        """Be as new."""
        self._ask("/reset")

    def dump(self) -> dict[str, Any]:
        """Return all that the double holds."""
        found: dict[str, Any] = self._get("/dump")
        return found


def _read(answer: httpx.Response) -> Any:
    if answer.status_code in (400, 402, 404) and "error" in answer.json():
        refused = Refused(answer.status_code, answer.json()["error"]["message"])
        refused.error = answer.json()["error"]
        raise refused
    return answer.raise_for_status().json()
