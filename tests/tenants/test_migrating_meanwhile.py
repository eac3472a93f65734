"""What a migration does to those who work meanwhile: it steps back before they have to wait long."""

from __future__ import annotations

import threading
from typing import Any

import psycopg
import pytest

from tenants import migrate
from tenants.migrate import Outcome, shared_revision, tenant_states, upgrade_shared, upgrade_tenants
from tenants.migrations import lines
from tenants.migrations.lines import Step, steps
from tenants.provisioning import make_spares
from tests.support.installation import Place
from tests.support.release import Release

PATIENCE = "1s"
"""How long a request may wait behind a migration; the database itself counts it."""


def test_nobody_waits_a_second_behind_one_that_waits_for_a_long_transaction(
    empty_place: Place, release: Release
) -> None:
    """Somebody takes an archive of the workspace; others go on reading all the while that the migration is tried."""
    make_spares(empty_place.owner_url, empty_place.runtime_url, wanted=1)
    [schema] = [state.schema for state in tenant_states(empty_place.owner_url)]
    release.brings()
    outcomes: list[Outcome] = []
    runner = threading.Thread(target=lambda: outcomes.extend(upgrade_tenants(empty_place.owner_url)))
    query = f"SELECT count(*) FROM {schema}.companies".encode()
    with psycopg.connect(empty_place.owner_url) as archiver, migrate.connect(empty_place.owner_url) as reader:
        archiver.execute(query)
        reader.execute(f"SET lock_timeout = '{PATIENCE}'".encode())
        runner.start()
        asked = 0
        while runner.is_alive():
            reader.execute(query)
            asked += 1
        archiver.rollback()
    runner.join()
    assert "held by another transaction" in (outcomes[0].error or "")
    assert asked
    assert [outcome.error for outcome in upgrade_tenants(empty_place.owner_url)] == [None]


def test_a_shared_revision_is_tried_again_while_somebody_reads(
    empty_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    probe = Step("9001", "ALTER TABLE public.users ADD COLUMN probe int;")
    monkeypatch.setattr(migrate, "steps_after", lambda line, _: (probe,) if line == "shared" else ())
    pauses: list[float] = []
    with psycopg.connect(empty_place.owner_url) as archiver:
        archiver.execute("SELECT count(*) FROM public.users")

        def let_go(seconds: float) -> None:
            pauses.append(seconds)
            archiver.rollback()

        monkeypatch.setattr(migrate.time, "sleep", let_go)
        assert upgrade_shared(empty_place.owner_url, empty_place.runtime_url) == ["9001"]
    assert pauses == [0.2], "once it was in the way"
    with empty_place.owner() as connection:
        row: Any = connection.execute(
            "SELECT count(*) FROM information_schema.columns WHERE table_name = 'users' AND column_name = 'probe'"
        ).fetchone()
        assert (row, shared_revision(connection)) == ((1,), "9001")
    assert steps("shared")[-1].revision == lines.head("shared"), "and no release has it"
