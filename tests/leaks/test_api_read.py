"""The leak hunt over what the API answers: every operation × everybody × everybody's ids, and each filter."""

from __future__ import annotations

from tests.leaks.hunt import Hunt
from tests.leaks.reading import api_queries, of_the_lacking, plain_readings


def test_no_operation_shows_what_its_reader_may_not_see(who: str, hunt: Hunt) -> None:
    before = hunt.asker.tried
    assert hunt.of(plain_readings(hunt.estate, who, api=True)) == []
    assert hunt.of(api_queries(hunt.estate, who)) == []
    assert hunt.asker.tried > before


def test_without_its_permission_no_operation_answers(hunt: Hunt) -> None:
    before = hunt.asker.tried
    assert hunt.of(of_the_lacking(hunt.estate, api=True, reading=True)) == []
    assert hunt.asker.tried > before
