"""One tenant's data never reaches another through real worker processes, whatever goes wrong on the way.

Whole: 100,000 requests over 50 tenants, and as many through PgBouncer with one connection (`tests.support.proofs`).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tenants.provisioning import make_spares
from tests.conftest import Stage
from tests.support.installation import dispose, settings_for
from tests.support.mailbox import run_jobs
from tests.support.pgbouncer import pgbouncer
from tests.support.proofs import WHOLE, sized
from tests.support.server import live_server
from tests.support.tally import tally
from tests.tenants.hammer import Anvil, prepare, strays
from tests.tenants.storm import GONE, Storm

REQUESTS, TENANTS, PROCESSES, THREADS, CALLERS = sized(400, 100_000), sized(5, 50), 2, 4, 12

STRAIGHT, POOLED = "straight", "through a pooler with one connection"
"""In every run of the suite `test_hammer` goes through a pooler, from one process."""
WRONG = {400, 404, 409, 412, 422}


@pytest.fixture(scope="module")
def anvil(stage: Stage) -> Iterator[Anvil]:
    """Tenants with the same keys."""
    place = stage.installation.place
    make_spares(place.owner_url, place.runtime_url, wanted=TENANTS + 1)
    yield prepare(stage.installation.app, place, TENANTS)
    dispose(stage.installation.app)  # of its own connections, too, some were cut
    stage.pristine.restore()


@pytest.mark.timeout(sized(240, 5_400))
@pytest.mark.parametrize("way", [STRAIGHT, *([POOLED] if WHOLE else [])])
def test_no_foreign_byte(way: str, anvil: Anvil, stage: Stage) -> None:
    installation, changes = stage.installation, {"database_pool_size": 2}
    with ExitStack() as stack:
        if way == POOLED:
            url = stack.enter_context(pgbouncer(installation.place, installation.folder, size=1))
            changes |= {"database_url": url, "database_prepare": False}
        settings = settings_for(installation.place, installation.folder, **changes)
        server = stack.enter_context(live_server(settings, installation.folder, workers=PROCESSES, threads=THREADS))
        storm = Storm(installation.app, installation.place, anvil, server.url, seed=REQUESTS)
        began = time.monotonic()
        storm.rage(REQUESTS, threads=CALLERS)
        seconds = time.monotonic() - began
        statuses = {status: storm.statuses[status] for status in sorted(storm.statuses)}
        tally(f"storm, {way}: answers {statuses}, {storm.hung_up} hung up, {storm.cut} sessions cut,"
              f" {storm.canaries:,} canaries read", storm.requests, seconds)  # fmt: skip
        assert storm.leaks == [], "\n".join(storm.leaks)
        assert storm.failures == [], "\n".join(storm.failures)
        assert storm.requests >= REQUESTS
        assert storm.cut > 0
        assert (WRONG if WHOLE else {404, 422}) <= statuses.keys()
        assert storm.statuses[GONE] <= 4 * storm.cut, "nothing else is in the way"
    dispose(installation.app)
    run_jobs(installation)
    assert strays(installation, anvil) == []
