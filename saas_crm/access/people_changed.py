"""Who belongs to a workspace changes: rooms above may count anew."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PeopleChanged:
    """Somebody was invited, joined, left or was locked out; published in the transaction of that change.

    `gone` when there may be fewer than before.
    """

    gone: bool = False
