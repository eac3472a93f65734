"""Which backups are kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from saas_crm.workspaces.rules import superfluous

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)  # a Sunday


def night(days_ago: float) -> datetime:
    """Return the night's backup of so many days ago."""
    return datetime(2026, 11, 22, 2, 23, tzinfo=UTC) - timedelta(days=days_ago)


@pytest.mark.parametrize(
    ("made", "days", "weeks", "gone"),
    [
        ([], 14, 8, []),
        ([0], 14, 8, []),
        ([0, 1, 2, 3], 14, 8, []),
        # Of nights that are past, the Sundays stay (7, 14 and 21 days ago), for so many weeks.
        (range(22), 7, 8, [20, 19, 18, 17, 16, 15, 13, 12, 11, 10, 9, 8]),
        (range(22), 7, 2, [21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8]),
        (range(22), 7, 0, list(range(21, 6, -1))),
        # Two of one day: the later one stays.
        ([0, 0.05, 1], 14, 8, [0.05]),
        # The newest stays, however old it is.
        ([400, 401], 14, 8, [401]),
        ([400], 1, 0, []),
    ],
)
def test_what_is_not_kept(made: list[float], days: int, weeks: int, gone: list[float]) -> None:
    moments = [night(ago) for ago in made]
    assert superfluous(moments, NOW, days=days, weeks=weeks) == [night(ago) for ago in gone]


def test_in_the_end_so_many_stay() -> None:
    """A backup every night for two years, each night cleaned up after: 14 nights and the weeks before them."""
    kept: list[datetime] = []
    for day in range(730):
        moment = NOW - timedelta(days=730 - day)
        kept.append(moment)
        gone = set(superfluous(kept, moment, days=14, weeks=8))
        kept = [one for one in kept if one not in gone]
    assert len(kept) == 14 + 6
    assert kept == sorted(kept)
