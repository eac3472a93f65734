"""Sizes as operators read them."""

from __future__ import annotations

UNITS = ("B", "kB", "MB", "GB", "TB")


def in_words(size: int) -> str:
    """Return a number of bytes in the largest unit of which there is one (SI: a kB is 1,000 B).

    >>> in_words(2_547_712)
    '2.5 MB'
    """
    amount, unit = float(size), 0
    while amount >= 1_000 and unit < len(UNITS) - 1:
        amount, unit = amount / 1_000, unit + 1
    return f"{amount:.1f} {UNITS[unit]}" if unit else f"{size} B"
