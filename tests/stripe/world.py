"""What the double holds: all objects, its clock, the events that it told, and how ids are made."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from tests.stripe.description import VERSION
from tests.stripe.errors import missing
from tests.stripe.shapes import PREFIXES, blank, written

DAY = 86_400
_KEPT = ("tables", "told", "cards", "counter", "frozen", "offset", "seed")
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@dataclass
class Account:
    """The settings that Stripe's dashboard holds. Days of retries count from the failure before."""

    retry_days: tuple[int, ...] = (3, 5, 7)
    after_retries: str = "canceled"
    draft_hours: int = 1
    tax_percent: str = "19"
    country: str = "DE"
    name: str = "The double"
    portal_cancel_mode: str = "at_period_end"


class World:
    """The state. Whoever reads or changes it holds `lock`."""

    def __init__(self, now: int | None, seed: str) -> None:
        self.lock = threading.RLock()
        self.base_url = "http://127.0.0.1"
        self.seed = seed
        self.listeners: list[Callable[[dict[str, Any]], None]] = []
        self.clear(now)

    def clear(self, now: int | None) -> None:
        """Forget everything."""
        self.account = Account()
        self.tables: dict[str, dict[str, dict[str, Any]]] = {kind: {} for kind in PREFIXES}
        self.told: dict[str, dict[str, Any]] = {}
        self.cards: dict[str, str] = {}
        self.counter = 0
        self.frozen = now
        self.offset = 0
        self._at: int | None = None
        self.asked: dict[str, Any] = {"id": None, "idempotency_key": None}

    @property
    def now(self) -> int:
        """The moment, in seconds: of what is being done, else the frozen one, else the wall's with what was added."""
        if self._at is not None:
            return self._at
        return self.frozen if self.frozen is not None else int(time.time()) + self.offset

    @contextmanager
    def at(self, moment: int) -> Iterator[None]:
        """Let what is done within the block happen at that moment."""
        before, self._at = self._at, moment
        try:
            yield
        finally:
            self._at = before

    def new_id(self, kind: str) -> str:
        """Return the next id of a kind; the same ones in the same order from the same seed."""
        self.counter += 1
        number, text = self.counter, ""
        while number:
            number, digit = divmod(number, 62)
            text = _LETTERS[digit] + text
        return f"{PREFIXES[kind]}{self.seed}{text:0>{14 - len(self.seed) if kind == 'customer' else 10}}"

    def make(self, kind: str, **given: Any) -> dict[str, Any]:
        """Make an object of a kind and keep it."""
        made = blank(kind, object=kind) | {"id": given.pop("id", None) or self.new_id(kind)}
        if "created" in made:
            made["created"] = self.now
        made |= given
        self.tables[kind][made["id"]] = made
        return made

    def get(self, kind: str, id: str, param: str = "id") -> dict[str, Any]:
        """Return an object. Raises Refused as Stripe does for one that is not there."""
        found = self.tables[kind].get(id)
        if found is None:
            raise missing(kind.rpartition(".")[2], id, param)
        return found

    def anything(self, id: str) -> dict[str, Any]:
        """Return the object that an id names, whatever kind it is of."""
        for kind, prefix in PREFIXES.items():
            if prefix and id.startswith(prefix) and id in self.tables[kind]:
                return self.tables[kind][id]
        return self.get("coupon", id)

    def rows(self, kind: str, **fields: Any) -> list[dict[str, Any]]:
        """Return the objects with these fields, oldest first."""
        wanted = fields.items()
        return [row for row in self.tables[kind].values() if all(row.get(name) == value for name, value in wanted)]

    def moment_of(self, customer_id: str | None) -> int:
        """Return the time a customer lives in: its test clock's or the double's."""
        customer = self.tables["customer"].get(customer_id or "", {})
        clock = self.tables["test_helpers.test_clock"].get(customer.get("test_clock") or "")
        return int(clock["frozen_time"]) if clock else self.now

    def tell(self, type: str, held: dict[str, Any]) -> None:
        """Tell an event about an object. One that says "updated" is only told when something is new."""
        if "_trying" in held:
            return
        object = written(self, held)
        data: dict[str, Any] = {"object": object}
        before = self.told.get(held["id"])
        if type.endswith(".updated"):
            if before is None or before == object:
                self.told[held["id"]] = object
                return
            names = [name for name in before.keys() | object.keys() if before.get(name) != object.get(name)]
            data["previous_attributes"] = {name: before.get(name) for name in sorted(names)}
        self.told[held["id"]] = object
        event = self.make(
            "event", type=type, data=data, api_version=VERSION, request=dict(self.asked),
            pending_webhooks=0,
        )  # fmt: skip
        for listener in self.listeners:
            listener(event)

    @contextmanager
    def forgotten(self, *, only_on: type[BaseException] | None = None) -> Iterator[None]:
        """Put everything back after the block, or only where it raises `only_on`; nobody hears of its events."""
        events = self.tables.pop("event")
        kept = orjson.dumps([self.tables, self.told, self.cards, self.counter])
        self.tables["event"], before = events, len(events)
        listeners, self.listeners = self.listeners, []
        failed = only_on is None
        try:
            yield
        except Exception as error:
            failed = failed or (only_on is not None and isinstance(error, only_on))
            raise
        finally:
            self.listeners = listeners
            if failed:
                self.tables, self.told, self.cards, self.counter = orjson.loads(kept)
                for id in list(events)[before:]:
                    del events[id]
                self.tables["event"] = events
            for event in list(events.values())[before:]:
                for listener in listeners:
                    listener(event)

    def as_it_is(self) -> dict[str, Any]:
        """Return all of it as plain values, to be kept in a file."""
        held = {
            name: getattr(self, name) for name in ("tables", "told", "cards", "counter", "frozen", "offset", "seed")
        }
        return deepcopy(held) | {"account": asdict(self.account)}

    def become(self, kept: dict[str, Any]) -> None:
        """Be what was kept."""
        for name in _KEPT:
            setattr(self, name, deepcopy(kept[name]))  # what was kept stays as it is
        self.account = Account(**kept["account"] | {"retry_days": tuple(kept["account"]["retry_days"])})
