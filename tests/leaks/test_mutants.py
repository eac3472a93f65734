"""Would the hunt notice? Guards are taken away one by one in this process, and each time it has to find something.

All guards there are, with everybody's requests, are tried by `infra/tools/mutations.py`; here are those of the rooms'
reads, with the requests of one member whose role has another scope for everything, and every endpoint's permission.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import chain

import pytest

from tests.leaks.hunt import Hunt
from tests.leaks.mutants import ROLE_SWITCH, VEIL, places
from tests.leaks.offers import Offers
from tests.leaks.reading import api_queries, page_queries, plain_readings
from tests.leaks.trials import Trials
from tests.support.tally import tally

READS = (
    "tenants/context.py", "tenants/veils.py", "saas_crm/customers/queries.py", "saas_crm/customers/records.py",
    "saas_crm/opportunities/records.py", "saas_crm/activities/records.py", "saas_crm/access/recycled.py",
    "saas_crm/access/audit_log.py", "saas_crm/access/records.py", "saas_crm/search/queries.py",
    "saas_crm/customers/exporting.py", "saas_crm/opportunities/exporting.py", "saas_crm/activities/exporting.py",
)  # fmt: skip
WHO = "mixed"


@pytest.fixture(scope="module")
def trials(hunt: Hunt) -> Iterator[Trials]:
    """The guards, and the requests that pass each."""
    estate, offers = hunt.estate, Offers()
    found = Trials(hunt, offers, hunters=[WHO])
    every = chain(
        plain_readings(estate, WHO, api=False), plain_readings(estate, WHO, api=True),
        page_queries(estate, offers, WHO), api_queries(estate, WHO),
    )  # fmt: skip
    cases = (case for case in every if case.target in (WHO, "walled"))
    found.find_out(case for case in cases if not case.named or case.named.endswith("walled"))
    return found


def test_the_hunt_notices_clauses_and_checks_that_are_taken_away(trials: Trials) -> None:
    """Of some nothing tells, for this one member: `infra/tools/mutations.py` asks in others' names, too."""
    began = time.monotonic()
    tried = [trial for trial in trials.of_clauses(place for place in places() if place.path in READS) if trial.passing]
    noticed = [trial for trial in tried if trial.noticed]
    tally("leak hunt, clauses and checks taken away and noticed", len(noticed), time.monotonic() - began)
    assert len(noticed) >= 20, [str(trial) for trial in tried]
    kinds = {trial.guard.split()[1] for trial in noticed}
    assert {ROLE_SWITCH, VEIL, "visible", "seen", "within_reach"} <= kinds, [str(trial) for trial in tried]


def test_the_hunt_notices_permissions_of_endpoints_that_are_taken_away(trials: Trials) -> None:
    """What it does not notice is refused further inside all the same: the view or the action asks, too."""
    began = time.monotonic()
    tried = list(trials.of_doors())
    noticed = [trial for trial in tried if trial.noticed]
    tally("leak hunt, permissions taken away and noticed", len(noticed), time.monotonic() - began)
    assert len(noticed) > 100, [str(one) for one in tried if not one.noticed]
