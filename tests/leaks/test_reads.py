"""The leak hunt over what can be asked: every page and operation × everybody's ids, and what counts and sums tell.

What takes long besides, and what needs to know what pages offer, is in `test_writes.py`, beside which this runs.
"""

from __future__ import annotations

import pytest

from tests.leaks.hunt import Hunt, share_of
from tests.leaks.reading import api_queries, of_the_lacking, plain_readings
from tests.leaks.sums import counted


def test_no_page_shows_what_its_reader_may_not_see(who: str, hunt: Hunt) -> None:
    before = hunt.asker.tried
    assert hunt.of(share_of(hunt.estate, who, plain_readings(hunt.estate, who, api=False), 10)) == []
    assert hunt.asker.tried > before


def test_no_operation_shows_what_its_reader_may_not_see(who: str, hunt: Hunt) -> None:
    before = hunt.asker.tried
    assert hunt.of(share_of(hunt.estate, who, plain_readings(hunt.estate, who, api=True), 4)) == []
    assert hunt.of(share_of(hunt.estate, who, api_queries(hunt.estate, who), 4)) == []
    assert hunt.asker.tried > before


def test_no_count_or_sum_betrays_what_is_hidden(who: str, hunt: Hunt) -> None:
    before = hunt.asker.tried
    assert hunt.of(share_of(hunt.estate, who, counted(hunt.estate, who), 5)) == []
    assert hunt.asker.tried > before


@pytest.mark.parametrize("api", [False, True], ids=["page", "operation"])
def test_nothing_is_answered_without_its_permission(api: bool, hunt: Hunt) -> None:
    before = hunt.asker.tried
    assert hunt.of(of_the_lacking(hunt.estate, api=api, reading=True)) == []
    assert hunt.asker.tried > before
