"""The leak hunt over lists, searches, pickers and exports: every name of an address × everybody × whose it is."""

from __future__ import annotations

from tests.leaks.hunt import Hunt, share_of
from tests.leaks.offers import Offers
from tests.leaks.reading import page_queries


def test_no_filter_search_order_or_picker_shows_more(who: str, hunt: Hunt, offers: Offers) -> None:
    before = hunt.asker.tried
    assert hunt.of(share_of(hunt.estate, who, page_queries(hunt.estate, offers, who), 3)) == []
    assert hunt.asker.tried > before
