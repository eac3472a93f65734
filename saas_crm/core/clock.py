"""The clock, in one place, so that rules can be handed a time and tests can hold it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


def today_in(timezone: str, at: datetime | None = None) -> date:
    """Return the calendar date in a time zone (an IANA name), now or at a given moment."""
    return (at or now()).astimezone(ZoneInfo(timezone)).date()
