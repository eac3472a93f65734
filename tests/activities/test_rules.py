"""Where an activity stands in time, and when the next step is due."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from saas_crm.activities.rules import bucket, next_step_due, place_in_time
from saas_crm.core.clock import today_in

NOON = datetime(2025, 11, 21, 12, tzinfo=UTC)  # a Friday


@pytest.mark.parametrize(("done", "due", "place"), [
    (datetime(2025, 1, 1, tzinfo=UTC), NOON, datetime(2025, 1, 1, tzinfo=UTC)), (None, NOON, NOON), (None, None, None),
])  # fmt: skip
def test_what_happened_stands_where_it_happened(
    done: datetime | None, due: datetime | None, place: datetime | None
) -> None:
    written = datetime(2024, 6, 1, tzinfo=UTC)
    assert place_in_time(done_at=done, due_at=due, written_at=written) == (place or written)


@pytest.mark.parametrize(("choice", "today", "due"), [
    ("tomorrow", date(2025, 11, 20), "2025-11-21T08:00+00:00"),
    ("tomorrow", date(2025, 11, 21), "2025-11-24T08:00+00:00"),
    ("in_3_days", date(2025, 11, 20), "2025-11-24T08:00+00:00"),
    ("in_1_week", date(2025, 11, 21), "2025-11-28T08:00+00:00"),
    ("tomorrow", date(2025, 6, 30), "2025-07-01T07:00+00:00"),
])  # fmt: skip
def test_the_next_step_is_at_nine_of_a_working_day(choice: str, today: date, due: str) -> None:
    assert next_step_due(choice, today=today, timezone="Europe/Vienna") == datetime.fromisoformat(due)


@pytest.mark.parametrize(("due", "zone", "where"), [
    ("2025-11-21T08:00+00:00", "UTC", "today"), ("2025-11-20T23:59+00:00", "UTC", "overdue"),
    ("2025-11-22T00:00+00:00", "UTC", "tomorrow"), ("2025-11-23T00:00+00:00", "UTC", "later"),
    ("2025-11-20T23:59+00:00", "Europe/Vienna", "today"), ("2025-11-21T20:00+00:00", "Asia/Shanghai", "tomorrow"),
    ("2025-11-21T05:00+00:00", "America/Denver", "overdue"),
])  # fmt: skip
def test_days_are_those_of_the_readers_time_zone(due: str, zone: str, where: str) -> None:
    assert bucket(today_in(zone, datetime.fromisoformat(due)), today=today_in(zone, NOON)) == where
