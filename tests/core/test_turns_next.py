"""The statement that takes the next job: priorities, times, locks and what somebody else holds, queue by queue."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from flask import Flask
from psycopg.rows import dict_row

from saas_crm.core.jobs import PAUSED, SHARE
from saas_crm.turns import _NEXT
from tests.support.installation import Installation

Jobs = psycopg.Connection[dict[str, Any]]


def connected(installation: Installation) -> Jobs:
    """Open a connection as the worker has it."""
    return psycopg.connect(
        installation.settings.owner_url, autocommit=True, row_factory=dict_row,
        options="-c search_path=jobs,pg_catalog",
    )  # fmt: skip


@pytest.fixture
def jobs(app: Flask, installation: Installation) -> Iterator[Jobs]:
    """As the worker asks; `app` puts the database back."""
    with connected(installation) as connection:
        yield connection


@pytest.fixture
def worker(jobs: Jobs) -> int:
    row = jobs.execute("INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id").fetchone()
    assert row is not None
    return int(row["id"])


def put(jobs: Jobs, queue: str, name: str, **said: Any) -> None:
    """Queue a job."""
    values = {"priority": 0, "lock": None, "at": None, **said, "queue": queue, "name": name}
    jobs.execute(
        "INSERT INTO procrastinate_jobs (queue_name, task_name, priority, lock, scheduled_at)"
        " VALUES (%(queue)s, %(name)s, %(priority)s, %(lock)s, now() + %(at)s::interval)", values,
    )  # fmt: skip


def take(jobs: Jobs, worker: int, last: str = "") -> str | None:
    """Take the next job of the queues behind `last`; returns its name."""
    rows = jobs.execute(_NEXT, {"worker_id": worker, "share": SHARE, "last": last, "paused": PAUSED}).fetchall()
    assert len(rows) < 2
    return rows[0]["task_name"] if rows else None


def pages_read(jobs: Jobs, worker: int) -> int:
    """Take the next job; returns how many pages of the database that took."""
    said = {"worker_id": worker, "share": SHARE, "last": "", "paused": PAUSED}
    row = jobs.execute(f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {_NEXT}", said).fetchone()
    assert row is not None
    plan = row["QUERY PLAN"][0]["Plan"]
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


def doing(jobs: Jobs) -> list[str]:
    """Return the jobs that are being done."""
    query = "SELECT task_name FROM procrastinate_jobs WHERE status = 'doing' ORDER BY task_name"
    return [row["task_name"] for row in jobs.execute(query).fetchall()]


def test_within_a_queue_priority_comes_first_and_then_age(jobs: Jobs, worker: int) -> None:
    put(jobs, "b", "second")
    put(jobs, "b", "third")
    put(jobs, "b", "first", priority=5)
    put(jobs, "b", "fourth", priority=-1)
    taken = []
    for _ in range(4):
        taken.append(take(jobs, worker))
        jobs.execute("UPDATE procrastinate_jobs SET status = 'failed' WHERE status = 'doing'")
    assert taken == ["first", "second", "third", "fourth"]
    assert take(jobs, worker) is None


def test_queues_come_in_their_order_behind_the_last(jobs: Jobs, worker: int) -> None:
    for queue in ("c", "a", "b"):
        put(jobs, queue, f"of {queue}")
        put(jobs, queue, f"of {queue} too")
    assert take(jobs, worker, "a") == "of b"
    assert take(jobs, worker, "b") == "of c"
    assert take(jobs, worker, "c") is None, "and the worker begins anew"
    assert take(jobs, worker) == "of a"
    assert doing(jobs) == ["of a", "of b", "of c"], "one at a time, also of three queues"


def test_a_queue_with_its_share_is_passed_over_for_this_worker_alone(jobs: Jobs, worker: int) -> None:
    for _ in range(SHARE + 2):
        put(jobs, "a", "of a")
    put(jobs, "b", "of b")
    assert [take(jobs, worker) for _ in range(SHARE + 2)] == ["of a"] * SHARE + ["of b", None]
    row = jobs.execute("INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id").fetchone()
    assert row is not None
    assert take(jobs, row["id"]) == "of a"


def test_what_is_for_later_is_not_taken_and_keeps_nobody_waiting(jobs: Jobs, worker: int) -> None:
    put(jobs, "a", "later", at="1 hour", priority=9)
    put(jobs, "b", "later too", at="1 hour")
    put(jobs, "b", "due", at="-1 second")
    assert [take(jobs, worker), take(jobs, worker)] == ["due", None]


def test_of_jobs_with_a_lock_one_is_done_at_a_time_in_their_order(jobs: Jobs, worker: int) -> None:
    put(jobs, "a", "first", lock="one")
    put(jobs, "a", "second", lock="one")
    put(jobs, "b", "before both", lock="one", priority=1)
    put(jobs, "c", "free")
    assert [take(jobs, worker), take(jobs, worker), take(jobs, worker)] == ["before both", "free", None]
    jobs.execute("UPDATE procrastinate_jobs SET status = 'failed' WHERE status = 'doing'")
    assert [take(jobs, worker), take(jobs, worker)] == ["first", None]


def test_what_another_worker_just_takes_is_left_to_it(jobs: Jobs, worker: int, installation: Installation) -> None:
    put(jobs, "a", "held")
    put(jobs, "a", "next")
    with connected(installation) as other, other.transaction():
        other.execute("SELECT FROM procrastinate_jobs WHERE task_name = 'held' FOR UPDATE")
        assert take(jobs, worker) == "next"
        assert take(jobs, worker) is None
    assert take(jobs, worker) == "held"


def test_what_was_called_off_is_not_taken(jobs: Jobs, worker: int) -> None:
    put(jobs, "a", "called off")
    jobs.execute("SELECT procrastinate_cancel_job_v1(id, true, false) FROM procrastinate_jobs")
    assert take(jobs, worker) is None


def test_ten_thousand_that_wait_are_not_read(jobs: Jobs, worker: int) -> None:
    """The first job of the second queue, behind one that has its share, is found by a few pages of the index."""
    with jobs.transaction(force_rollback=True):
        jobs.execute("INSERT INTO procrastinate_jobs (queue_name, task_name) SELECT 'a', 'many' FROM"
                     " generate_series(1, 10000)")  # fmt: skip
        put(jobs, "b", "one")
        for _ in range(SHARE):
            assert take(jobs, worker) == "many"
        jobs.execute("ANALYZE procrastinate_jobs")
        assert pages_read(jobs, worker) < 100
        assert doing(jobs) == ["many", "many", "one"]


def test_what_is_put_aside_is_neither_taken_nor_read(jobs: Jobs, worker: int) -> None:
    jobs.execute("VACUUM procrastinate_jobs")  # of what another test has rolled back
    with jobs.transaction(force_rollback=True):
        jobs.execute("INSERT INTO procrastinate_jobs (queue_name, task_name) SELECT %s, 'aside' FROM"
                     " generate_series(1, 10000)", [PAUSED])  # fmt: skip
        jobs.execute("ANALYZE procrastinate_jobs")
        assert pages_read(jobs, worker) < 100, "where there is nothing else"
        put(jobs, "a", "first")
        put(jobs, "z", "last")
        assert pages_read(jobs, worker) < 100, "and where PostgreSQL knows of no other queue"
        jobs.execute("ANALYZE procrastinate_jobs")
        assert pages_read(jobs, worker) < 100
        assert doing(jobs) == ["first", "last"]
        assert take(jobs, worker) is None
