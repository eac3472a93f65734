"""The leak hunt over what pages show: every page × everybody × everybody's ids."""

from __future__ import annotations

from tests.leaks.hunt import Hunt
from tests.leaks.reading import of_the_lacking, plain_readings


def test_no_page_shows_what_its_reader_may_not_see(who: str, hunt: Hunt) -> None:
    before = hunt.asker.tried
    assert hunt.of(plain_readings(hunt.estate, who, api=False)) == []
    assert hunt.asker.tried > before


def test_without_its_permission_no_page_opens(hunt: Hunt) -> None:
    before = hunt.asker.tried
    assert hunt.of(of_the_lacking(hunt.estate, api=False, reading=True)) == []
    assert hunt.asker.tried > before
