"""Would the hunt notice? Guards are taken away one by one in this process, and each time it has to find something.

All guards there are, with everybody's requests, are tried by `infra/tools/mutations.py`; here are those of the rooms'
reads, with the requests of one member whose role has another scope for everything, and every endpoint's permission.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import chain

import pytest

from tests.leaks.asking import Case
from tests.leaks.hunt import Hunt
from tests.leaks.mutants import ROLE_SWITCH, VEIL, places
from tests.leaks.offers import Offers, hunted
from tests.leaks.reading import addresses, api_queries, page_queries, plain_readings
from tests.leaks.trials import Trials
from tests.leaks.world import Estate
from tests.support.tally import tally

READS = (
    "tenants/context.py", "tenants/veils.py", "saas_crm/customers/queries.py", "saas_crm/customers/records.py",
    "saas_crm/opportunities/records.py", "saas_crm/activities/records.py", "saas_crm/access/recycled.py",
    "saas_crm/access/audit_log.py", "saas_crm/access/records.py", "saas_crm/search/queries.py",
    "saas_crm/search/seeing.py",
    "saas_crm/customers/exporting.py", "saas_crm/opportunities/exporting.py", "saas_crm/activities/exporting.py",
)  # fmt: skip
WHO = "mixed"
OTHER = "no company"
WHOSE = (WHO, "walled", "aided", "hung mixed", "hung mate", "hung clubbed")
"""Whose ids tell most: what a wall hides, and what hangs on it or is hung on by it."""


@pytest.fixture(scope="module")
def trials(hunt: Hunt) -> Iterator[Trials]:
    """The guards, and the requests that pass each."""
    estate, offers = hunt.estate, Offers()
    found = Trials(hunt, offers, hunters=[WHO])
    every = chain(
        plain_readings(estate, WHO, api=False), plain_readings(estate, WHO, api=True),
        page_queries(estate, offers, WHO), api_queries(estate, WHO),
    )  # fmt: skip
    cases = (case for case in every if case.target in WHOSE)
    asked = (case for case in cases if not case.named or case.whose[0] in WHOSE[1:])
    found.find_out(chain(asked, _restoring(hunt.estate)))
    return found


def _restoring(estate: Estate) -> Iterator[Case]:
    """Yield the requests that put something back from the bin."""
    for endpoint in hunted(estate.app):
        if endpoint.rule.rule.startswith("/recycle-bin/") and endpoint.method == "POST":
            yield Case(WHO, endpoint, addresses(estate, endpoint, "walled")[0], "walled")


def test_the_hunt_notices_clauses_and_checks_that_are_taken_away(trials: Trials) -> None:
    """What nothing of this one member's tells is told by another, or where children do not follow their customers."""
    began = time.monotonic()
    chosen = [place for place in places() if place.path in READS]
    first = [(place, trial) for place, trial in zip(chosen, trials.of_clauses(chosen), strict=True) if trial.passing]
    tried = [trial if trial.noticed else trials.again(place, OTHER) for place, trial in first]
    noticed = [trial for trial in tried if trial.noticed]
    tally("leak hunt, clauses and checks taken away and noticed", len(noticed), time.monotonic() - began)
    assert len(noticed) >= 30, [str(trial) for trial in tried]
    assert [str(trial) for trial in tried if not trial.noticed] == []
    kinds = {trial.guard.split()[1] for trial in noticed}
    assert {ROLE_SWITCH, VEIL, "visible", "seen", "within_reach"} <= kinds, [str(trial) for trial in tried]


def test_the_hunt_notices_permissions_of_endpoints_that_are_taken_away(trials: Trials) -> None:
    """What it does not notice is refused further inside all the same: the view or the action asks, too."""
    began = time.monotonic()
    tried = list(trials.of_doors())
    noticed = [trial for trial in tried if trial.noticed]
    tally("leak hunt, permissions taken away and noticed", len(noticed), time.monotonic() - began)
    assert len(noticed) > 100, [str(one) for one in tried if not one.noticed]
