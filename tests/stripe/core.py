"""One request, from its form to its answer: troubles, idempotency, what is noted of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.stripe import (
    catalogue,
    checkout,
    discounts,
    events,
    invoice_items,
    invoice_requests,
    portal,
    previews,
    subscription_requests,
)  # fmt: skip
from tests.stripe.due import run_until
from tests.stripe.errors import Misused, Refused
from tests.stripe.routes import Call
from tests.stripe.shapes import written
from tests.stripe.world import DAY, World

LEARNED_FROM = (
    catalogue, checkout, discounts, events, invoice_items, invoice_requests, portal, previews, subscription_requests,
)  # fmt: skip
"""The modules that teach the double its operations, so that none is forgotten."""


@dataclass
class Asked:
    """A request that came, as it was sent, and with which status it was answered."""

    method: str
    path: str
    params: dict[str, Any]
    key: str | None = None
    status: int = 0
    id: str = ""
    replayed: bool = False


class Broken(Exception):
    """The connection breaks instead of an answer."""


@dataclass
class Trouble:
    """What goes wrong with the next requests: how, how often, and for which paths."""

    kind: str
    times: int
    path: str = ""


_TROUBLES = {
    "rate_limit": (429, "Too many requests in a short time.", {"type": "invalid_request_error", "code": "rate_limit"}),
    "server_error": (500, "An unknown error occurred.", {"type": "api_error"}),
    "conflict": (409, "The object is being changed by another request.", {"code": "lock_timeout"}),
}  # fmt: skip
KINDS = (*_TROUBLES, "connection", "hang", "after")


@dataclass
class Core:
    """The API without HTTP."""

    world: World
    requests: list[Asked] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    happenings: list[tuple[str, str, Callable[[], object]]] = field(default_factory=list)
    _kept: dict[str, tuple[str, int, Any, int]] = field(default_factory=dict)
    _counted: int = 0

    def clear(self) -> None:
        """Forget what was asked."""
        for noted in (self.requests, self.violations, self.troubles, self.happenings, self._kept):
            noted.clear()  # type: ignore[attr-defined]

    def request(self, method: str, path: str, params: dict[str, Any], key: str | None = None) -> dict[str, Any]:
        """Answer a request. Raises Refused for an answer that is an error, Broken for none at all."""
        self._let_happen(method, path)
        with self.world.lock:
            self._counted += 1
            asked = Asked(method, path, params, key, 0, f"req_{self.world.seed}{self._counted:010}")
            self.requests.append(asked)
            try:
                answer = self._answer(asked)
            except Refused as refused:
                asked.status = refused.status
                if isinstance(refused, Misused):
                    self.violations.append(f"{method} {path}: {refused.error['message']}")
                raise
            asked.status = 200
            return answer

    def _answer(self, asked: Asked) -> dict[str, Any]:
        trouble, keyed = self._trouble(asked.path), bool(asked.key) and asked.method == "POST"
        fails = trouble is not None and trouble.kind == "server_error"
        if trouble and trouble.kind != "after" and not (fails and keyed):
            self._make(trouble.kind)
        if self.world.frozen is None:
            run_until(self.world, self.world.now)
        answer = self._once(asked, fails=fails) if keyed else self._carry_out(asked)
        if trouble:
            raise Broken(trouble.kind)
        return answer

    def _let_happen(self, method: str, path: str) -> None:
        """Do what happens elsewhere while such a request is on its way here; others may be asked meanwhile."""
        for happening in self.happenings:
            if method == happening[0] and path.startswith(happening[1]):
                self.happenings.remove(happening)
                happening[2]()
                return

    def _trouble(self, path: str) -> Trouble | None:
        for trouble in self.troubles:
            if path.startswith(trouble.path):
                trouble.times -= 1
                if trouble.times <= 0:
                    self.troubles.remove(trouble)
                return trouble
        return None

    def _make(self, kind: str) -> None:
        if kind in ("connection", "hang"):
            raise Broken(kind)
        status, message, more = _TROUBLES[kind]
        raise Refused(status, message, **more)

    def _once(self, asked: Asked, *, fails: bool) -> dict[str, Any]:
        """Answer a request with a key as it was answered the first time, for 24 hours.

        That is also said of a 500, which is what one that `fails` gets: docs.stripe.com/api/idempotent_requests.
        """
        assert asked.key is not None
        print_ = json.dumps([asked.method, asked.path, asked.params], sort_keys=True, default=str)
        kept = self._kept.get(asked.key)
        if kept and kept[3] > self.world.now - DAY:
            if kept[0] != print_:
                raise Refused(
                    400, "Keys for idempotent requests can only be used with the same parameters they were first used "
                    f"with. Try using a key other than '{asked.key}' if you meant to execute a different request.",
                    type="idempotency_error",
                )  # fmt: skip
            asked.replayed = True
            if kept[1] != 200:
                refused = Refused(kept[1], kept[2]["message"])
                refused.error = kept[2]
                raise refused
            replayed: dict[str, Any] = kept[2]
            return replayed
        try:
            if fails:
                self._make("server_error")
            answer = self._carry_out(asked)
        except Misused:
            raise  # what was not understood was not begun either
        except Refused as refused:
            self._kept[asked.key] = (print_, refused.status, refused.error, self.world.now)
            raise
        self._kept[asked.key] = (print_, 200, answer, self.world.now)
        return answer

    def _carry_out(self, asked: Asked) -> dict[str, Any]:
        call = Call(asked.method, asked.path, asked.params)
        self.world.asked = {"id": asked.id, "idempotency_key": asked.key}
        try:
            answer: dict[str, Any] = written(self.world, call.carry_out(self.world), call.expand)
        finally:
            self.world.asked = {"id": None, "idempotency_key": None}
        return answer
