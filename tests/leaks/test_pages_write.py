"""The leak hunt over forms: each change a page offers × everybody × everybody's ids, in path and fields."""

from __future__ import annotations

from tests.guard.endpoints import SAFE
from tests.leaks.hunt import Hunt, share_of
from tests.leaks.offers import Offers, hunted
from tests.leaks.reading import of_the_lacking
from tests.leaks.writing import NOT_SO_HERE, form_writes


def test_no_form_changes_what_its_sender_may_not(who: str, hunt: Hunt, offers: Offers) -> None:
    before = hunt.asker.tried
    assert hunt.of(share_of(hunt.estate, who, form_writes(hunt.estate, offers, who), 2)) == []
    assert hunt.asker.tried > before


def test_without_its_permission_no_form_is_taken(hunt: Hunt) -> None:
    before = hunt.asker.tried
    assert hunt.of(of_the_lacking(hunt.estate, api=False, reading=False)) == []
    assert hunt.asker.tried > before


def test_the_owner_gets_past_the_refusals_everywhere(hunt: Hunt, offers: Offers) -> None:
    """Else the hunt would only knock at closed doors: a form it cannot fill is told by its address."""
    hunt.let_in.clear()
    assert hunt.of(form_writes(hunt.estate, offers, "owner")) == []
    writes = {str(one) for one in hunted(hunt.estate.app) if not one.is_api and one.method not in SAFE}
    assert writes - hunt.let_in.keys() == set(NOT_SO_HERE)
