"""A migration whose COMMIT nobody answered: what is told of the tenant is what became of it."""

from __future__ import annotations

from functools import partial

import pytest

from tenants.migrate import Outcome, connect, tenant_states, upgrade_tenant, upgrade_tenants
from tenants.provisioning import make_spares
from tests.support.cut_line import cut_line
from tests.support.installation import Place
from tests.support.release import NEXT, Release


@pytest.fixture
def release(monkeypatch: pytest.MonkeyPatch) -> Release:
    """The release, which a test may turn into another one."""
    return Release(monkeypatch)


@pytest.mark.parametrize("heard", [True, False])
def test_a_tenant_is_told_to_be_where_it_is(fresh_place: Place, release: Release, heard: bool) -> None:
    make_spares(fresh_place.owner_url, fresh_place.runtime_url, wanted=1)
    release.brings()
    [before] = tenant_states(fresh_place.owner_url)
    with cut_line(fresh_place.owner_url, heard=heard) as line, connect(line) as connection:
        outcome = upgrade_tenant(connection, before.schema, partial(connect, fresh_place.owner_url))
        assert connection.closed
    [after] = tenant_states(fresh_place.owner_url)
    if heard:
        assert outcome == Outcome(before.schema, NEXT)
        assert (after.revision, after.error) == (NEXT, None)
    else:
        assert outcome.error
        assert (after.revision, after.error) == (before.revision, outcome.error)
    assert [one.error for one in upgrade_tenants(fresh_place.owner_url)] == ([] if heard else [None])
