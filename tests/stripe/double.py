"""The double: state, acts, clock, webhooks, and a server where one is wanted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from tests.stripe.acts import Acts
from tests.stripe.core import KINDS, Asked, Core, Trouble
from tests.stripe.due import run_until
from tests.stripe.shapes import written
from tests.stripe.transport import DirectClient
from tests.stripe.webhooks import Post, Webhooks
from tests.stripe.world import Account, World

KEY = "sk_test_double"
BEGINNING = int(datetime(2026, 1, 15, 12, tzinfo=UTC).timestamp())


class Double:
    """A local Stripe. Its clock stands still until it is moved; with `now=None` it runs with the wall's."""

    def __init__(self, now: int | datetime | None = BEGINNING, seed: str = "d") -> None:
        self._beginning = None if now is None else _seconds(now)
        self.world = World(self._beginning, seed)
        self.core = Core(self.world)
        self.acts = Acts(self.world)
        self.webhooks = Webhooks(self.world)
        self._server: Any = None

    def start(self, port: int = 0, public_url: str = "") -> None:
        """Listen on a port of 127.0.0.1; 0 takes a free one. Links to pages begin with `public_url` where given."""
        from tests.stripe.server import HOST, Server  # a web framework, which the state machine has no need of

        self._server = Server(self, port)
        self.url = f"http://{HOST}:{self._server.port}"
        self.world.base_url = (public_url or self.url).rstrip("/")

    def stop(self) -> None:
        """Listen no longer, and send nothing by itself."""
        self.webhooks.auto(False)
        self._server.stop()

    def __enter__(self) -> Double:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def http_client(self) -> DirectClient:
        """Return what `stripe.StripeClient(KEY, http_client=…)` takes, to speak to this double within the process."""
        return DirectClient(self.core)

    def request(self, method: str, path: str, params: dict[str, Any] | None = None, key: str | None = None) -> Any:
        """Ask the API without HTTP. Raises Refused."""
        return self.core.request(method, path, params or {}, key)

    @property
    def account(self) -> Account:
        """The settings of the dashboard."""
        return self.world.account

    @property
    def now(self) -> int:
        """The double's time, in seconds."""
        return self.world.now

    def advance_to(self, moment: int | datetime) -> None:
        """Move the clock, and let happen what is due until then, each at its time."""
        target = _seconds(moment)
        with self.world.lock:
            assert target >= self.world.now, "time goes forward only"
            run_until(self.world, target)
            if self.world.frozen is not None:
                self.world.frozen = target
            else:
                self.world.offset += target - self.world.now

    def advance(self, *, days: float = 0, hours: float = 0, seconds: int = 0) -> None:
        """Move the clock by so much."""
        self.advance_to(self.now + int(days * 86_400 + hours * 3_600) + seconds)

    def cards(self, customer_id: str, does: str) -> None:
        """Let the customer's payment methods do this from now on; "works" heals them."""
        with self.world.lock:
            self.world.cards[customer_id] = does

    def trouble(self, kind: str, times: int = 1, path: str = "") -> None:
        """Let the next requests (to paths that begin so) go wrong; see core.KINDS. "after": done, but not answered."""
        assert kind in KINDS, kind
        self.core.troubles.append(Trouble(kind, times, path))

    def meanwhile(self, method: str, path: str, happens: Callable[[], object]) -> None:
        """Let something happen while the next such request is on its way, after its sender has looked: once."""
        self.core.happenings.append((method, path, happens))

    def events(self, type: str = "") -> list[dict[str, Any]]:
        """Return what was told, oldest first."""
        with self.world.lock:
            return [written(self.world, row) for row in self.world.rows("event") if type in ("", row["type"])]

    @property
    def requests(self) -> list[Asked]:
        """What was asked, oldest first."""
        return self.core.requests

    @property
    def violations(self) -> list[str]:
        """What was asked and is against Stripe's description, or unknown to the double. A good test ends with none."""
        return self.core.violations

    def tick(self) -> None:
        """Let happen what is due by now."""
        with self.world.lock:
            run_until(self.world, self.world.now)

    def dump(self) -> dict[str, Any]:
        """Return all that it holds, as plain values; events go with it, what was asked does not."""
        with self.world.lock:
            posts = [asdict(post) | {"body": "", "headers": {}} for post in self.webhooks.posts]
            return self.world.as_it_is() | {"posts": posts}

    def load(self, kept: dict[str, Any]) -> None:
        """Hold what was dumped."""
        with self.world.lock:
            self.reset()
            self.world.become(kept)
            self.webhooks.posts[:] = [Post(**{**post, "body": b""}) for post in kept["posts"]]

    def reset(self, now: int | datetime | None = None) -> None:
        """Be as new; at another moment than at first, where one is given."""
        with self.world.lock:
            self.world.clear(self._beginning if now is None else _seconds(now))
            self.core.clear()
            self.webhooks.clear()


def _seconds(moment: int | datetime) -> int:
    return int(moment.timestamp()) if isinstance(moment, datetime) else moment
