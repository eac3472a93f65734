"""How long Stripe is waited for: by people shortly and few at a time, by the worker and at the command line longer.

A page that waits holds one of the few threads that all people of a process share. So whoever asks for a person waits
seconds, and after a few silences in a row nobody is sent to Stripe for a while: they are told so at once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from billing.errors import StripeBusy, StripeUnreachable


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds for a connection, for an answer, and for the answer to what may be a payment; and what follows silence.

    What failed is asked `again` so many times, but never after a wait in vain where it is brief. What was answered
    with 429 is asked `later` so many times.
    """

    connect: float
    read: float
    write: float
    again: int
    later: int = 0
    brief: bool = True
    places: int = 2
    """Requests of a process at a time, where they are brief …"""
    place: float = 2.0
    """… and seconds that one more waits for its turn."""


BRIEF = Patience(connect=2.0, read=5.0, write=10.0, again=1)
LONG = Patience(connect=4.0, read=15.0, write=30.0, again=2, later=4, brief=False)
SILENCES = 3
PAUSE = 10.0
"""Seconds for which nobody is sent to who has been silent so many times in a row; then one goes first."""
_at_hand: ContextVar[Patience] = ContextVar("patience", default=BRIEF)


def at_hand() -> Patience:
    """Return how long whoever runs here may wait: briefly, unless they said otherwise."""
    return _at_hand.get()


@contextmanager
def patiently(how: Patience = LONG) -> Iterator[None]:
    """Wait longer within: nobody's page is held up here."""
    token = _at_hand.set(how)
    try:
        yield
    finally:
        _at_hand.reset(token)


class Silences:
    """Silences in a row while many are asked about, one after the other: after a few there is no sense in going on."""

    def __init__(self, most: int = SILENCES) -> None:
        """Allow so many."""
        self._most, self._count = most, 0

    def over(self, failed: Exception | None) -> bool:
        """Note how one ended; whether it is time to stop. What Stripe says against one is no silence."""
        silent = isinstance(failed, StripeUnreachable) and not isinstance(failed, StripeBusy)
        self._count = self._count + 1 if silent else 0
        return self._count >= self._most


class Breaker:
    """Who was silent a few times in a row is left alone for a while; one answer, whichever it is, ends that."""

    def __init__(self, most: int = SILENCES, pause: float = PAUSE, clock: Callable[[], float] = time.monotonic) -> None:
        """Allow so many silences in a row; `pause` is in the seconds of `clock`."""
        self._most, self._pause, self._clock = most, pause, clock
        self._silences, self._until = 0, 0.0
        self._lock = threading.Lock()

    def lets_ask(self) -> bool:
        """Whether somebody may ask now; after a pause one goes first, and the others wait for what they find."""
        with self._lock:
            if self._silences < self._most:
                return True
            now = self._clock()
            if now < self._until:
                return False
            self._until = now + self._pause
            return True

    def answered(self) -> None:
        """Note that there was an answer."""
        with self._lock:
            self._silences = 0

    def was_silent(self) -> bool:
        """Note that there was none; returns whether a pause begins by that."""
        with self._lock:
            self._silences += 1
            if self._silences < self._most:
                return False
            self._until = self._clock() + self._pause
            return self._silences == self._most
