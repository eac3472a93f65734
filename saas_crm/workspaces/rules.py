"""Which backups are kept, and when the owners of a workspace that will be deleted are reminded."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

REMINDERS = (7, 1)
"""Days before a deletion on which a mail tells of it."""


def reminder_due(due: datetime, at: datetime, reminded: int | None) -> int | None:
    """Return which of REMINDERS is to be sent now, None if none is; `reminded` is the one sent last.

    Where several were missed, as with a worker that was off, only the nearest is sent.
    """
    reached = [days for days in REMINDERS if due - at <= timedelta(days=days)]
    if due <= at or not reached:
        return None
    nearest = min(reached)
    return nearest if reminded is None or nearest < reminded else None


def is_name_typed(typed: str, name: str) -> bool:
    """Whether somebody typed a workspace's name, as is asked before what cannot be taken back."""
    return _folded(typed) == _folded(name)


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()


def superfluous(moments: Iterable[datetime], at: datetime, *, days: int, weeks: int) -> list[datetime]:
    """Return which backups are not kept, oldest first: of each day the last, for so many days; then of each week.

    A week is Monday to Sunday (ISO 8601), the last backup of each stands for it. The newest backup is always kept,
    however old it is: a workspace that was suspended for a year still has one.
    """
    made = sorted(moments)
    kept = set(made[-1:])
    kept |= {moment for moment in _last_of_each(made, "%Y-%m-%d") if moment > at - timedelta(days=days)}
    kept |= {moment for moment in _last_of_each(made, "%G-%V") if moment > at - timedelta(weeks=weeks)}
    return [moment for moment in made if moment not in kept]


def _last_of_each(made: Iterable[datetime], period: str) -> set[datetime]:
    return set({moment.strftime(period): moment for moment in made}.values())
