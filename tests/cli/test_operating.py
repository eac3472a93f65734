"""What an operator asks of many workspaces: which are there and how they are, how much more there could be."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from saas_crm.access.models import Member
from saas_crm.access.permissions import CurrentMember
from saas_crm.core.clock import now
from saas_crm.workspaces.capacity_rules import Capacity
from tenants.db import db
from tenants.migrations.lines import head, known
from tests.support.behind import IS_BEHIND
from tests.support.command import Call
from tests.support.installation import Installation

Acting = Callable[[str], AbstractContextManager[CurrentMember]]
LOGIN = {"DATABASE_STATEMENT_TIMEOUT_MS": "15000"}


@pytest.fixture
def failed_job(installation: Installation) -> Iterator[None]:
    """A job of acme that failed."""
    with installation.place.owner() as connection, connection.transaction():
        connection.execute("SET LOCAL search_path = jobs, pg_catalog")
        row = connection.execute(
            "INSERT INTO procrastinate_jobs (task_name, queue_name, status, args) SELECT 'send_mail', 'default',"
            " 'failed', jsonb_build_object('tenant_id', id::text) FROM public.tenants WHERE slug = 'acme' RETURNING id"
        ).fetchone()
    yield
    with installation.place.owner() as connection, connection.transaction():
        connection.execute("SET LOCAL search_path = jobs, pg_catalog")
        connection.execute("DELETE FROM procrastinate_jobs WHERE id = %s", row)


@pytest.fixture
def failed_upgrade(installation: Installation) -> Iterator[None]:
    """Another workspace that could not be brought up."""
    said = "UPDATE public.tenants SET migration_error = %s WHERE slug = 'other'"
    with installation.place.owner() as connection:
        connection.execute(said, ["held by another"])
    yield
    with installation.place.owner() as connection:
        connection.execute(said, [None])


def test_each_workspace_is_told_with_size_people_and_faults(
    call: Call, acting: Acting, failed_job: None, failed_upgrade: None
) -> None:
    with acting("rep") as rep:
        db.session.execute(update(Member).where(Member.id == rep.id).values(last_seen_at=now()))
        db.session.commit()
    found = {each["slug"]: each for each in json.loads(call("tenants", "list", "--details", "--json").output)}
    acme, other = found["acme"], found["other"]
    assert acme["members"] > 3
    assert acme["size"] > 1_000_000
    assert acme["failed_jobs"] == 1
    assert datetime.now(UTC) - datetime.fromisoformat(acme["last_seen_at"]) < timedelta(minutes=30)
    assert (other["error"], other["failed_jobs"], other["status"]) == ("held by another", 0, "active")
    assert "schema" not in acme
    text = call("tenants", "list", "--details").output
    [line] = [line for line in text.splitlines() if line.startswith("acme ")]
    assert "1 jobs failed" in line
    assert " MB" in line
    assert "last upgrade: held by another" in text


def test_a_workspace_a_release_behind_is_told_all_the_same(call: Call, installation: Installation) -> None:
    with installation.place.owner() as connection:
        schema = connection.execute("SELECT schema_name FROM public.tenants WHERE slug = 'other'").fetchone()[0]
        connection.execute(f"ALTER TABLE {schema}.members RENAME COLUMN last_seen_at TO seen_then")
    try:
        found = {each["slug"]: each for each in json.loads(call("tenants", "list", "--details", "--json").output)}
        assert found["other"]["last_seen_at"] is None
        assert found["acme"]["size"] > 0
    finally:
        with installation.place.owner() as connection:
            connection.execute(f"ALTER TABLE {schema}.members RENAME COLUMN seen_then TO last_seen_at")


@pytest.mark.newest  # it migrates, and no workspace goes back
def test_one_workspace_alone_is_brought_up(call: Call, installation: Installation) -> None:
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.tenants SET schema_version = '0000' WHERE slug = 'other'")
    try:
        found = call("db", "upgrade", "--tenant", "acme", **LOGIN)
        assert "tenants: 0 brought to" in found.output
        assert found.exit_code == 0
    finally:
        with installation.place.owner() as connection:
            connection.execute(
                "UPDATE public.tenants SET schema_version = %s WHERE slug = 'other'", [known("tenant")[-1]]
            )
    refused = call("db", "upgrade", "--tenant", "nobody", **LOGIN)
    assert refused.exit_code == 2
    assert "There is no workspace at /nobody." in refused.output
    assert "shared:" not in refused.output, "nothing is changed by a wrong call"
    assert head("tenant") == known("tenant")[-1]


def test_capacity_is_told_in_words_and_for_programs(call: Call, installation: Installation) -> None:
    found = call("capacity", "--json")
    assert found.exit_code == 0, found.output
    told = json.loads(found.output)
    assert told["tenants"] >= 2
    assert told["tables_each"] in _tables_of_workspaces(installation)
    assert told["tables_each"] > 20 or IS_BEHIND
    assert told["connections_allowed"] > told["connections"] > 0
    assert told["files"] > told["tables_each"]
    assert told["recovery_seconds"] >= 0
    text = call("capacity").output
    assert f"{told['tables_each']} each" in text
    assert "about" in text


def _tables_of_workspaces(installation: Installation) -> set[int]:
    """Return how many tables workspaces have: those a release behind have fewer."""
    with installation.place.owner() as connection:
        counted = connection.execute(
            "SELECT count(*) FROM public.tenants JOIN pg_tables ON schemaname = schema_name GROUP BY schema_name"
        )
        return {row[0] for row in counted}


def test_a_sound_installation_is_not_warned(call: Call) -> None:
    """As it is delivered; a warning that is always there is not read."""
    told = json.loads(call("capacity", "--json", WEB_THREADS="4").output)
    assert not [concern for concern in told["concerns"] if "onnections" in concern]
    assert told["connections_wanted"] == 2 * (4 + 8) + (3 + 6) + 2
    assert not told["pooled"]
    small = json.loads(call("capacity", "--json", DATABASE_POOL_SIZE="1", WEB_THREADS="16").output)
    assert small["connections_wanted"] == 3 * (2 + 2) + 2


def test_more_connections_than_allowed_are_warned_of(call: Call) -> None:
    found = call("capacity", DATABASE_POOL_SIZE="100", WEB_WORKERS="8", WEB_THREADS="64")
    assert found.exit_code == 0
    assert "raise max_connections, lower DATABASE_POOL_SIZE, or put PgBouncer between" in " ".join(found.output.split())


def test_a_failed_job_is_a_concern(call: Call, failed_job: None) -> None:
    told = json.loads(call("capacity", "--json").output)
    assert told["failed_jobs"] == 1
    assert any("jobs failed" in concern for concern in told["concerns"])
    assert set(Capacity.__dataclass_fields__) <= set(told)
