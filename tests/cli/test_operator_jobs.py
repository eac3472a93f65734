"""`saas-crm operators jobs`: what failed is listed and queued again, of one workspace and of no other."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.cast import Cast
from tests.support.command import Call
from tests.support.installation import Installation


@pytest.fixture
def failed(installation: Installation, cast: Cast) -> Callable[..., int]:
    """Leave a job that failed for good: `failed("acme")`; `lock` is what may only wait once. Returns its id."""

    def leave(slug: str | None, lock: str | None = None) -> int:
        place = str(cast.tenants[slug].id) if slug else None
        with installation.place.owner() as connection:
            connection.execute("SET search_path = jobs, pg_catalog")
            row = connection.execute(
                "INSERT INTO procrastinate_jobs (queue_name, task_name, args, status, attempts, queueing_lock) VALUES"
                " ('held', 'workspaces.back_up', jsonb_build_object('tenant_id', %s::text), 'failed', 5, %s)"
                " RETURNING id", [place, lock],
            ).fetchone()  # fmt: skip
        assert row is not None
        return int(row[0])

    return leave


def states(installation: Installation) -> dict[int, str]:
    with installation.place.owner() as connection:
        return dict(connection.execute(
            "SELECT id, status::text FROM jobs.procrastinate_jobs WHERE queue_name = 'held'"
        ).fetchall())  # fmt: skip


def test_what_failed_is_listed_by_workspace(call: Call, failed: Callable[..., int]) -> None:
    ours, theirs = failed("acme"), failed("other")
    both = call("operators", "jobs", "--failed")
    assert both.exit_code == 0, both.output
    assert [line.split()[:4] for line in both.output.splitlines()] == [
        [str(theirs), "failed", "other", "workspaces.back_up"], [str(ours), "failed", "acme", "workspaces.back_up"]
    ]  # fmt: skip
    told: list[dict[str, Any]] = json.loads(call("operators", "jobs", "--tenant", "acme", "--failed", "--json").output)
    assert [(each["id"], each["slug"], each["attempts"]) for each in told] == [(ours, "acme", 5)]
    assert str(ours) in call("operators", "jobs", "--tenant", "acme").output
    assert "There is no workspace 'gone'" in call("operators", "jobs", "--tenant", "gone").output


def test_named_ones_are_queued_again_and_it_is_in_the_log(
    call: Call, failed: Callable[..., int], installation: Installation
) -> None:
    first, second, theirs = failed("acme"), failed("acme"), failed("other")
    assert call("operators", "jobs", "retry", str(first), str(theirs)).output == "2 queued again\n"
    assert states(installation) == {first: "todo", second: "failed", theirs: "todo"}
    with installation.place.owner() as connection:
        lines = connection.execute(
            "SELECT actor, act, slug, details ->> 'count' FROM public.operator_acts ORDER BY slug"
        ).fetchall()
        figures = connection.execute("SELECT failed_jobs FROM public.tenant_figures ORDER BY failed_jobs").fetchall()
    assert lines == [("command", "retry_jobs", "acme", "1"), ("command", "retry_jobs", "other", "1")]
    assert figures == [(0,), (1,)]


def test_all_of_a_workspace_are_queued_again_and_no_others(
    call: Call, failed: Callable[..., int], installation: Installation
) -> None:
    ours, theirs = [failed("acme") for _turn in range(3)], failed("other")
    assert call("operators", "jobs", "retry", "--all", "--tenant", "acme").output == "3 queued again\n"
    assert states(installation) == {**dict.fromkeys(ours, "todo"), theirs: "failed"}
    assert call("operators", "jobs", "retry", "--all", "--tenant", "acme").output == "0 queued again\n"


def test_of_what_may_wait_once_one_is_enough(
    call: Call, failed: Callable[..., int], installation: Installation
) -> None:
    former, latter = failed("acme", "night"), failed("acme", "night")
    said = call("operators", "jobs", "retry", str(former), str(latter)).output
    assert "1 queued again" in said
    assert "one is enough" in said
    assert states(installation) == {former: "failed", latter: "todo"}


@pytest.mark.parametrize("arguments", [(), ("--all",), ("1", "--all", "--tenant", "acme"), ("0",), ("x",)])
def test_what_does_not_fit_changes_nothing(
    call: Call, failed: Callable[..., int], installation: Installation, arguments: tuple[str, ...]
) -> None:
    ours = failed("acme")
    assert call("operators", "jobs", "retry", *arguments).exit_code == 2
    assert states(installation) == {ours: "failed"}


def test_one_that_is_elsewhere_or_has_not_failed_stops_all(
    call: Call, failed: Callable[..., int], installation: Installation
) -> None:
    ours, theirs, nobodys = failed("acme"), failed("other"), failed(None)
    for arguments in (
        (str(ours), "999999999"),
        (str(ours), str(nobodys)),
        ("--tenant", "acme", str(ours), str(theirs)),
    ):
        refused = call("operators", "jobs", "retry", *arguments)
        assert (refused.exit_code, "No workspace's job" in refused.output) == (1, True)
    assert set(states(installation).values()) == {"failed"}
