"""The leak hunt over what can be asked: every page, operation, filter, search and picker × everybody's ids."""

from __future__ import annotations

import pytest

from tests.leaks.hunt import Hunt, share_of
from tests.leaks.offers import Offers
from tests.leaks.reading import api_queries, of_the_lacking, page_queries, plain_readings


def test_no_page_shows_what_its_reader_may_not_see(who: str, hunt: Hunt) -> None:
    before = hunt.asker.tried
    assert hunt.of(share_of(hunt.estate, who, plain_readings(hunt.estate, who, api=False), 10)) == []
    assert hunt.asker.tried > before


def test_no_operation_shows_what_its_reader_may_not_see(who: str, hunt: Hunt) -> None:
    before = hunt.asker.tried
    assert hunt.of(share_of(hunt.estate, who, plain_readings(hunt.estate, who, api=True), 3)) == []
    assert hunt.of(share_of(hunt.estate, who, api_queries(hunt.estate, who), 4)) == []
    assert hunt.asker.tried > before


def test_no_filter_search_order_or_picker_shows_more(who: str, hunt: Hunt, offers: Offers) -> None:
    before = hunt.asker.tried
    assert hunt.of(share_of(hunt.estate, who, page_queries(hunt.estate, offers, who), 16)) == []
    assert hunt.asker.tried > before


@pytest.mark.parametrize("api", [False, True], ids=["page", "operation"])
def test_nothing_is_answered_without_its_permission(api: bool, hunt: Hunt) -> None:
    before = hunt.asker.tried
    assert hunt.of(of_the_lacking(hunt.estate, api=api, reading=True)) == []
    assert hunt.asker.tried > before
