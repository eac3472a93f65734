"""The leak hunt over programs' writes: every operation × everybody × everybody's ids, in the path and in the body."""

from __future__ import annotations

from tests.guard.endpoints import SAFE
from tests.leaks.hunt import Hunt
from tests.leaks.offers import hunted
from tests.leaks.reading import of_the_lacking
from tests.leaks.writing import body_writes


def test_no_body_changes_what_its_sender_may_not(who: str, hunt: Hunt) -> None:
    before = hunt.asker.tried
    assert hunt.of(body_writes(hunt.estate, who)) == []
    assert hunt.asker.tried > before


def test_without_its_permission_no_write_is_taken(hunt: Hunt) -> None:
    before = hunt.asker.tried
    assert hunt.of(of_the_lacking(hunt.estate, api=True, reading=False)) == []
    assert hunt.asker.tried > before


def test_the_owner_gets_past_the_refusals_everywhere(hunt: Hunt) -> None:
    """Else the hunt would only knock at closed doors: a body it cannot make is told by its operation."""
    hunt.let_in.clear()
    assert hunt.of(body_writes(hunt.estate, "owner")) == []
    writes = {str(one) for one in hunted(hunt.estate.app) if one.is_api and one.method not in SAFE}
    assert writes - hunt.let_in.keys() == set()
