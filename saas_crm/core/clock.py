"""The clock, in one place, so that rules can be handed a time and tests can hold it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

_ahead: Callable[[], timedelta] | None = None


def now() -> datetime:
    """Return the present moment in UTC."""
    # Asked before the machine's clock is read: what looks at that too makes the moment a little late, never early.
    ahead = timedelta() if _ahead is None else _ahead()
    return datetime.now(UTC) + ahead


def today_in(timezone: str, at: datetime | None = None) -> date:
    """Return the calendar date in a time zone (an IANA name), now or at a given moment."""
    return (at or now()).astimezone(ZoneInfo(timezone)).date()


def run_ahead(by: Callable[[], timedelta] | None) -> None:
    """Let this process's clock be ahead of the machine's by what `by` says at each look; None: by nothing.

    It is for trials of what takes weeks. What the database calls now() is not moved.
    """
    global _ahead  # noqa: PLW0603 - there is one clock
    _ahead = by


def seconds_in(file: Path) -> Callable[[], timedelta]:
    """Return by how much a clock is ahead that several processes share: a file with a number of seconds.

    No file, and one that is just being written, are 0.
    """

    def told() -> timedelta:
        try:
            return timedelta(seconds=float(file.read_text(encoding="ascii")))
        except (OSError, ValueError):
            return timedelta()

    return told
