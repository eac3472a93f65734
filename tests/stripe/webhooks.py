"""Webhooks: a queue of signed posts for each endpoint, and switches that treat them as badly as a network does.

Signature as in docs.stripe.com/webhooks: `t=<seconds>,v1=<HMAC-SHA256 of "t.body">`. A post that is not answered with
2xx is tried again after an hour, then after twice as long each time, for three days of the double's clock.
"""

from __future__ import annotations

import hashlib
import hmac
import random
import threading
import time
from dataclasses import dataclass, field
from fnmatch import fnmatch
from typing import Any

import httpx
import orjson

from tests.stripe.events import new_endpoint
from tests.stripe.shapes import written
from tests.stripe.world import DAY, World

_FIRST_PAUSE, _PATIENCE = 3_600, 3 * DAY


@dataclass
class Post:
    """One delivery: what is sent where, how often it was tried, and what was answered."""

    event: str
    type: str
    url: str
    secret: str
    due: int
    since: int
    state: str = "waiting"
    answers: list[int] = field(default_factory=list)
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Switches:
    """How the network behaves.

    `double`: how many more times each post is sent. `delay`: seconds before one is due. `reorder`: a seed by which the
    posts that are due together are shuffled. `drop`: how many of the next posts are lost for good. `tamper`: the body
    is changed after signing. `old`: how many seconds old the signature is. `foreign`: signed with another secret.
    """

    double: int = 0
    delay: int = 0
    reorder: int | None = None
    drop: int = 0
    tamper: bool = False
    old: int = 0
    foreign: bool = False


class Webhooks:
    """All deliveries."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.posts: list[Post] = []
        self.switches = Switches()
        self.sign_at = "double"
        self._sending = threading.Event()
        self._stopped = threading.Event()
        world.listeners.append(self._queue)

    def clear(self) -> None:
        """Forget all posts and let the network behave."""
        self.posts.clear()
        self.switches = Switches()
        self.sign_at = "double"

    def endpoint(self, url: str, secret: str = "whsec_double", events: tuple[str, ...] = ("*",)) -> dict[str, Any]:
        """Send events there, as an endpoint made in the dashboard would."""
        with self._world.lock:
            return new_endpoint(self._world, url, list(events), secret)

    def only_endpoint(self, url: str, secret: str) -> None:
        """Send all events there from now on and nowhere else, also those that wait for where it was before."""
        with self._world.lock:
            self._world.tables["webhook_endpoint"].clear()
            self.endpoint(url, secret)
            for post in self.posts:
                post.url, post.secret = url, secret

    def switch(self, **how: Any) -> None:
        """Turn switches; see Switches. Those that are not named stay."""
        for name, value in how.items():
            assert hasattr(self.switches, name), name
            setattr(self.switches, name, value)

    def _queue(self, event: dict[str, Any]) -> None:
        for endpoint in self._world.rows("webhook_endpoint", status="enabled"):
            if any(fnmatch(event["type"], wanted) for wanted in endpoint["enabled_events"]):
                now = self._world.now
                event["pending_webhooks"] += 1
                post = Post(event["id"], event["type"], endpoint["url"], endpoint["_secret"], now, now)
                if self.switches.drop:
                    self.switches.drop -= 1
                    post.state = "lost"
                post.due += self.switches.delay
                self.posts.append(post)

    def take(self) -> list[Post]:
        """Return what is due now, signed; to be told by `answered` how each was received."""
        with self._world.lock:
            due = [post for post in self.posts if post.state == "waiting" and post.due <= self._world.now]
            if self.switches.reorder is not None:
                random.Random(self.switches.reorder).shuffle(due)
            for post in due:
                post.state = "under way"
                self._sign(post)
            return [post for post in due for _ in range(1 + self.switches.double)]

    def post(self, event_id: str, secret: str = "whsec_double", url: str = "") -> Post:
        """Return a signed post of one event, outside the queue: to replay it, or to send it elsewhere."""
        with self._world.lock:
            event = self._world.get("event", event_id)
            made = Post(event_id, event["type"], url, secret, self._world.now, self._world.now)
            self._sign(made)
            return made

    def _sign(self, post: Post) -> None:
        event = written(self._world, self._world.tables["event"][post.event])
        post.body = orjson.dumps(event, option=orjson.OPT_INDENT_2)
        moment = (self._world.now if self.sign_at == "double" else int(time.time())) - self.switches.old
        secret = "whsec_of_somebody_else" if self.switches.foreign else post.secret
        post.headers = {
            "Content-Type": "application/json; charset=utf-8", "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            "Stripe-Signature": f"t={moment},v1={signature(secret, moment, post.body)}",
        }  # fmt: skip
        if self.switches.tamper:
            post.body = post.body.replace(b'"livemode": false', b'"livemode": true ', 1)

    def answered(self, post: Post, status: int) -> None:
        """Note how a post was received; 0 is no answer at all. What was not is due again later."""
        with self._world.lock:
            post.answers.append(status)
            if 200 <= status < 300:
                if post.state != "delivered":
                    self._world.tables["event"][post.event]["pending_webhooks"] -= 1
                post.state = "delivered"
            elif post.state == "under way":
                pause = _FIRST_PAUSE * 2 ** (len(post.answers) - 1)
                post.due = self._world.now + pause
                post.state = "waiting" if post.due <= post.since + _PATIENCE else "given up"

    def deliver(self, timeout: float = 10) -> list[int]:
        """Send what is due now by HTTP, one after the other; return the statuses."""
        statuses = []
        for post in self.take():
            statuses.append(_sent(post, timeout))
            self.answered(post, statuses[-1])
        return statuses

    def undelivered(self) -> list[Post]:
        """Return what nobody has taken yet, and what was lost or given up."""
        return [post for post in self.posts if post.state != "delivered"]

    def auto(self, on: bool = True) -> None:
        """Send by itself what is due, from a thread, as it comes."""
        if on and not self._sending.is_set():
            self._stopped.clear()
            threading.Thread(target=self._send, name="webhooks", daemon=True).start()
        elif not on:
            self._stopped.set()
        (self._sending.set if on else self._sending.clear)()

    def _send(self) -> None:
        while not self._stopped.wait(0.05):
            self.deliver()


def signature(secret: str, moment: int, body: bytes) -> str:
    """Return the v1 signature of a body at a moment."""
    return hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()


def _sent(post: Post, timeout: float) -> int:
    try:
        return httpx.post(
            post.url, content=post.body, headers=post.headers, timeout=timeout, trust_env=False
        ).status_code
    except httpx.HTTPError:
        return 0
