"""Which backups are kept: every night's for a while, then one a week."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta


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
