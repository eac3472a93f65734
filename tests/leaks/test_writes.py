"""The leak hunt over what can be sent: each form and each body × everybody's ids, in the path and in the fields.

And over every filter, search and picker of pages, which are found in what pages offer, as forms are; and what is shown
and changed where children do not follow their customers: here, so that this file takes as long as `test_reads.py` and
`test_mutants.py` together, beside which it runs.
"""

from __future__ import annotations

import pytest

from tests.guard.endpoints import SAFE
from tests.leaks.hunt import Hunt, share_of
from tests.leaks.offers import Offers, hunted
from tests.leaks.reading import api_queries, of_the_lacking, page_queries, plain_readings
from tests.leaks.sums import counted
from tests.leaks.writing import NOT_SO_HERE, body_writes, form_writes


def test_no_form_changes_what_its_sender_may_not(who: str, hunt: Hunt, offers: Offers) -> None:
    before = hunt.asker.tried
    assert hunt.of(share_of(hunt.estate, who, form_writes(hunt.estate, offers, who), 12)) == []
    assert hunt.asker.tried > before


def test_no_body_changes_what_its_sender_may_not(who: str, hunt: Hunt) -> None:
    before = hunt.asker.tried
    assert hunt.of(share_of(hunt.estate, who, body_writes(hunt.estate, who), 8)) == []
    assert hunt.asker.tried > before


def test_no_filter_search_order_or_picker_shows_more(who: str, hunt: Hunt, offers: Offers) -> None:
    before = hunt.asker.tried
    assert hunt.of(share_of(hunt.estate, who, page_queries(hunt.estate, offers, who), 16)) == []
    assert hunt.asker.tried > before


def test_nothing_is_shown_through_a_customer_where_children_do_not_follow(who: str, hunt: Hunt) -> None:
    before = hunt.asker.tried
    with hunt.unfollowed():
        assert hunt.of(share_of(hunt.estate, who, plain_readings(hunt.estate, who, api=False), 48)) == []
        assert hunt.of(share_of(hunt.estate, who, plain_readings(hunt.estate, who, api=True), 14)) == []
        assert hunt.of(share_of(hunt.estate, who, api_queries(hunt.estate, who), 32)) == []
        assert hunt.of(share_of(hunt.estate, who, counted(hunt.estate, who), 20)) == []
    assert hunt.asker.tried > before


def test_nothing_is_changed_through_a_customer_where_children_do_not_follow(
    who: str, hunt: Hunt, offers: Offers
) -> None:
    before = hunt.asker.tried
    with hunt.unfollowed():
        assert hunt.of(share_of(hunt.estate, who, form_writes(hunt.estate, offers, who), 64)) == []
        assert hunt.of(share_of(hunt.estate, who, body_writes(hunt.estate, who), 32)) == []
    assert hunt.asker.tried > before


@pytest.mark.parametrize("api", [False, True], ids=["form", "body"])
def test_nothing_is_taken_without_its_permission(api: bool, hunt: Hunt) -> None:
    before = hunt.asker.tried
    assert hunt.of(of_the_lacking(hunt.estate, api=api, reading=False)) == []
    assert hunt.asker.tried > before


@pytest.mark.parametrize("api", [False, True], ids=["form", "body"])
def test_the_owner_gets_past_the_refusals_everywhere(api: bool, hunt: Hunt, offers: Offers) -> None:
    """Else the hunt would only knock at closed doors: what it cannot fill is told by its address."""
    hunt.let_in.clear()
    cases = body_writes(hunt.estate, "owner") if api else form_writes(hunt.estate, offers, "owner")
    assert hunt.of(case for case in cases if str(case.endpoint) not in hunt.let_in) == []
    writes = {str(one) for one in hunted(hunt.estate.app) if one.is_api == api and one.method not in SAFE}
    assert writes - hunt.let_in.keys() == {name for name in NOT_SO_HERE if (" /api/" in name) == api}
