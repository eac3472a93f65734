"""The kinds of records that can have numbers; rooms register theirs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Numbered:
    """One kind of record: its model, which has `number`, and how the entries by which it is found are renewed.

    `usual` is the pattern that is proposed.
    """

    model: type[Any]
    renew: Callable[[Sequence[Any]], None]
    usual: str


kinds: dict[str, Numbered] = {}


def numbered(resource: str, known: Numbered) -> None:
    """Register a kind of record."""
    kinds[resource] = known
