"""What providers said, remembered for some minutes by each process: nobody has them asked at every click."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from saas_crm.access.sso.asking import PATIENCE, ProviderFailed

Told = TypeVar("Told")
GOOD_FOR = 300.0
"""Seconds an answer is good for …"""
FAILED_FOR = 15.0
"""… and seconds for which one that failed is not asked again."""
MOST = 500  # addresses


class Remembered(Generic[Told]):
    """What was answered by address. One that is asked just now is not asked a second time beside it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, Told | ProviderFailed]] = {}
        self._asked: dict[str, threading.Lock] = {}

    def get(self, address: str, ask: Callable[[], Told], *, anew: bool = False) -> Told:
        """Return what an address said, asked now unless it is known; raises ProviderFailed."""
        found = None if anew else self._fresh(address)
        if found is None:
            with self._lock:
                turn = self._asked.setdefault(address, threading.Lock())
            if not turn.acquire(timeout=PATIENCE):
                raise ProviderFailed("time", address)
            try:
                found = (None if anew else self._fresh(address)) or self._learn(address, ask)
            finally:
                turn.release()
        if isinstance(found, ProviderFailed):
            raise ProviderFailed(found.code, found.detail)
        return found

    def forget(self) -> None:
        """Forget everything."""
        with self._lock:
            self._known.clear()

    def _fresh(self, address: str) -> Told | ProviderFailed | None:
        with self._lock:
            until, found = self._known.get(address, (0.0, None))
        return found if until > time.monotonic() else None

    def _learn(self, address: str, ask: Callable[[], Told]) -> Told | ProviderFailed:
        found: Told | ProviderFailed
        try:
            found = ask()
        except ProviderFailed as failed:
            found = failed
        until = time.monotonic() + (FAILED_FOR if isinstance(found, ProviderFailed) else GOOD_FOR)
        with self._lock:
            if len(self._known) >= MOST:
                self._known.clear()
                self._asked.clear()
            self._known[address] = (until, found)
        return found
