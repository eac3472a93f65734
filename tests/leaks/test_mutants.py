"""Would the hunt notice? Guards are taken away one by one in this process, and each time it has to find something.

All guards there are, with everybody's requests, are tried by `infra/tools/mutations.py`; here are those of the rooms'
reads, with the requests of one member whose role has another scope for everything, and every endpoint's permission.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.leaks.hunt import Hunt
from tests.leaks.mutants import places
from tests.leaks.offers import Offers
from tests.leaks.trials import SECOND_LOCKS, Trials
from tests.leaks.world import OUTSIDER

READS = (
    "tenants/context.py", "saas_crm/customers/queries.py", "saas_crm/customers/records.py",
    "saas_crm/opportunities/records.py", "saas_crm/activities/records.py", "saas_crm/access/recycled.py",
    "saas_crm/access/audit_log.py", "saas_crm/access/records.py", "saas_crm/search/queries.py",
    "saas_crm/customers/exporting.py", "saas_crm/opportunities/exporting.py", "saas_crm/activities/exporting.py",
)  # fmt: skip
WHO = "mixed"


@pytest.fixture(scope="module")
def trials(hunt: Hunt, offers: Offers) -> Iterator[Trials]:
    """The guards, and the requests that pass each."""
    found = Trials(hunt, offers, hunters=[WHO])
    near = {WHO, "walled", "beside", OUTSIDER}
    cases = (case for case in found.cases() if case.target in near and case.endpoint.method == "GET")
    found.find_out(case for case in cases if "?" not in case.address or case.named.endswith(("walled", "beside")))
    return found


def test_the_hunt_misses_no_clause_and_no_check_that_is_taken_away(trials: Trials) -> None:
    tried = [trial for trial in trials.of_clauses(place for place in places() if place.path in READS) if trial.passing]
    survived = [trial for trial in tried if not trial.noticed]
    excused = {trial.kind: trial for trial in survived if trial.kind in SECOND_LOCKS}
    assert [str(trial) for trial in survived if trial not in excused.values()] == []
    assert len(tried) - len(survived) >= 20


def test_the_hunt_misses_no_permission_of_an_endpoint_that_is_taken_away(trials: Trials) -> None:
    tried = list(trials.of_doors())
    assert [str(trial) for trial in tried if not trial.noticed] == []
    assert len(tried) > 150
