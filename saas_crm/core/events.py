"""Domain events: how a lower room lets an upper one act without knowing it.

Handlers run at once, in the publisher's transaction; they must not publish the event they handle.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

Event = TypeVar("Event")

_handlers: dict[type, list[Callable[[Any], None]]] = defaultdict(list)


def subscribe(kind: type[Event], handler: Callable[[Event], None]) -> None:
    """Call `handler` for every event of `kind`; subscribing twice is the same as once."""
    if handler not in _handlers[kind]:
        _handlers[kind].append(handler)


def publish(event: object) -> None:
    """Hand an event to everybody who subscribed to its kind."""
    for handler in _handlers[type(event)]:
        handler(event)
