"""A database that restarts because one of its processes was killed: it is back within seconds, and is waited for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import psycopg

PATIENCE = 60.0
"""Seconds for which it is tried: by then recovery after such a crash is mostly done."""
PAUSE = 0.25  # seconds


def connect_again(connect: Callable[[], psycopg.Connection[Any]]) -> psycopg.Connection[Any]:
    """Open a connection in the place of one that has ended; raises what the last try did.

    It begins with a pause: for a moment a server that has lost a process still takes connections, and ends them too.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        time.sleep(PAUSE)
        try:
            return connect()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
