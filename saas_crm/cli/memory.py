"""How a serving process takes memory: what is large goes back when it is done with."""

from __future__ import annotations

import ctypes
import os

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # of mallopt(3)
LARGE = 1_000_000
"""Bytes of a block that is taken from the system by itself, and so given back as soon as it is free."""
POOLS = 2


def give_back() -> bool:
    """Have the C library give large blocks back; returns whether it does. Once, before processes and threads begin.

    glibc takes the first large block that is freed as a sign that more will come, and keeps the next ones: one sign-in,
    whose password takes 19 MB for some milliseconds, and each thread's pool stays as large. Blocks of Python's objects
    are not concerned. What an operator says by MALLOC_… or GLIBC_TUNABLES stands; other C libraries are left alone.
    """
    if any(name.startswith("MALLOC_") or name == "GLIBC_TUNABLES" for name in os.environ):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    taken = [mallopt(_MMAP_THRESHOLD, LARGE), mallopt(_TRIM_THRESHOLD, 2 * LARGE), mallopt(_ARENA_MAX, POOLS)]
    return all(taken)
