"""Pure rules of activities: where one stands in time, and when the next step is due."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

NEXT_STEPS = {"tomorrow": 1, "in_3_days": 3, "in_1_week": 7}
DUE_HOUR = 9
HAPPENS = frozenset({"note", "call", "meeting", "visit", "email"})


def place_in_time(*, done_at: datetime | None, due_at: datetime | None, written_at: datetime) -> datetime:
    """Return where an activity stands in the timeline: when it happened, else is due, else was written."""
    return done_at or due_at or written_at


def next_step_due(choice: str, *, today: date, timezone: str) -> datetime:
    """Return when a next step is due: at nine in the member's morning, a working day, in UTC.

    `choice` is a key of NEXT_STEPS; a Saturday or Sunday moves to Monday. Raises KeyError for another.
    """
    day = today + timedelta(days=NEXT_STEPS[choice])
    day += timedelta(days={5: 2, 6: 1}.get(day.weekday(), 0))
    return datetime.combine(day, time(DUE_HOUR), ZoneInfo(timezone)).astimezone(UTC)


def bucket(due: date, *, today: date) -> str:
    """Return where an open activity belongs on the Today page: "overdue", "today", "tomorrow" or "later".

    Both days are of the member's time zone. What was due earlier today is overdue only when the day is over: a plan
    for nine is still today's at ten.
    """
    days = (due - today).days
    if days < 0:
        return "overdue"
    return {0: "today", 1: "tomorrow"}.get(days, "later")
