"""What stands in a guard's place when it is taken away, to see whether the hunt notices."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, true

passed: set[str] = set()
"""The places that were passed since this was last emptied."""


def note(place: str) -> None:
    """Note that a place was passed; what really stands there follows."""
    passed.add(place)


def visible(*_: Any, **__: Any) -> Any:
    """Let everything be seen."""
    return true()


within_reach = owned_within = visible


def seen(model: Any, reference: Any, _member: Any) -> Any:
    """Tell every name."""
    return and_(model.id == reference, model.deleted_at.is_(None))


def outside(*_: Any) -> tuple[Any, ...]:
    """Let no unit be closed."""
    return ()


def check_may(*_: Any, **__: Any) -> None:
    """Refuse nobody."""


check_owner = check_may


def require(*_: Any) -> str:
    """Allow it as far as can be."""
    return "all"


def hides(*_: Any) -> bool:
    """Hide no field."""
    return False


def may_write(*_: Any) -> bool:
    """Let every field be written."""
    return True
