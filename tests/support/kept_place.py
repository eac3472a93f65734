"""A way to the database for who asks it as its owner a hundred thousand times, one after the other: one connection."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from tests.support.installation import Place


class _Kept(psycopg.Connection[Any]):
    """Open after each `with`, and then as new."""

    def __exit__(self, *_: object) -> None:
        self.execute("RESET ALL")


@dataclass(frozen=True)
class _KeptPlace(Place):
    kept: _Kept

    def owner(self) -> psycopg.Connection[Any]:
        """Return the one that is open."""
        return self.kept


@contextmanager
def kept(place: Place) -> Iterator[Place]:
    """Return the same place, whose owner has one connection for all that is asked in the block."""
    one = _Kept.connect(place.owner_url, autocommit=True, prepare_threshold=None)
    try:
        yield _KeptPlace(place.owner_url, place.runtime_url, one)
    finally:
        one.close()
