"""Months of figures from changes that were worked out by hand; the same by rules alone, in any order of time zones."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid5

import psycopg
import pytest
from flask import Flask
from psycopg import sql
from sqlalchemy import insert, text

from billing import movement
from billing.models import BillingChange
from billing.movement import first_month, months_back, of_months, of_trials
from billing.movement_rules import Figures, together
from tenants.db import SHARED, db, new_id
from tests.support.installation import Installation

NOW = datetime(2026, 6, 20, tzinfo=UTC)
JAN, FEB, MAR, APR, MAY, JUN = (date(2026, month, 1) for month in range(1, 7))
Change = Callable[..., None]


def tenant(name: str) -> UUID:
    return uuid5(UUID(int=0), name)


@pytest.fixture
def change(app: Flask) -> Change:
    """Write a change down: `change("a", "2026-01-03", "converted", "team", 3, 3600)`, times in UTC."""

    def write(
        who: str, at: str, kind: str, plan: str = "team", seats: int = 0, mrr: int = 0, currency: str = "EUR"
    ) -> None:
        with app.app_context(), db.engines[SHARED].begin() as connection:
            connection.execute(insert(BillingChange).values(
                id=new_id(), at=datetime.fromisoformat(at).replace(tzinfo=UTC), tenant_id=tenant(who), kind=kind,
                plan=plan, seats=seats, mrr=mrr, currency=currency,
            ))  # fmt: skip

    return write


@pytest.fixture
def lives(change: Change) -> None:
    """Five workspaces, half a year.

    a: trial in January, 3 seats of Team in February, 5 in March, Business in April, nothing since May, back in June.
    b: trial in January, never pays. c: pays by the year in dollars; owes in March, is read-only in April, pays in May.
    d: on trial at the last moment of January, pays at the first of February; one seat less in June.
    e: pays since before the year, and is on the books only by its last row.
    """
    change("e", "2025-06-01", "trial", "business")
    change("e", "2025-06-10", "converted", "team", 10, 12000)
    change("e", "2025-07-10", "cancel_asked", "team", 10, 12000)
    change("a", "2026-01-03T09:00", "trial", "business")
    change("a", "2026-02-01T00:00:01", "converted", "team", 3, 3600)
    change("a", "2026-03-10", "seats", "team", 5, 6000)
    change("a", "2026-04-10", "upgraded", "business", 5, 14500)
    change("a", "2026-05-10", "free", "business", 5, 14500)  # what was left
    change("a", "2026-06-10", "started", "team", 2, 2400)
    change("b", "2026-01-20", "trial", "business")
    change("b", "2026-02-03", "free", "free")
    change("c", "2026-01-05", "manual", "business", 4, 10000, "USD")
    change("c", "2026-03-05", "past_due", "business", 4, 10000, "USD")
    change("c", "2026-04-05", "read_only", "business", 4, 0, "USD")
    change("c", "2026-05-05", "recovered", "business", 4, 10000, "USD")
    change("d", "2026-01-31T23:59:59.999999", "trial", "business")
    change("d", "2026-02-01T00:00", "converted", "team", 4, 4800)
    change("d", "2026-06-01", "seats", "team", 3, 3600)


def money(row: Figures) -> tuple[int, ...]:
    return (row.begins, row.new, row.reactivation, row.expansion, row.contraction, row.churn, row.ends)


def of_currency(rows: list[Figures], currency: str) -> dict[date, tuple[int, ...]]:
    found = [row for row in rows if row.currency == currency]
    return {row.month: money(row) for row in together(found, by=("month", "currency"))}


@pytest.mark.usefixtures("lives")
def test_revenue_rolls_forward_by_currency(app: Flask) -> None:
    with app.app_context():
        rows = of_months(JAN, NOW)
    assert of_currency(rows, "EUR") == {
        JAN: (12000, 0, 0, 0, 0, 0, 12000),
        FEB: (12000, 8400, 0, 0, 0, 0, 20400),
        MAR: (20400, 0, 0, 2400, 0, 0, 22800),
        APR: (22800, 0, 0, 8500, 0, 0, 31300),
        MAY: (31300, 0, 0, 0, 0, 14500, 16800),
        JUN: (16800, 0, 2400, 0, 1200, 0, 18000),
    }
    assert of_currency(rows, "USD") == {
        JAN: (0, 10000, 0, 0, 0, 0, 10000),
        FEB: (10000, 0, 0, 0, 0, 0, 10000),
        MAR: (10000, 0, 0, 0, 0, 0, 10000),
        APR: (10000, 0, 0, 0, 0, 10000, 0),
        MAY: (0, 0, 10000, 0, 0, 0, 10000),
        JUN: (10000, 0, 0, 0, 0, 0, 10000),
    }


@pytest.mark.usefixtures("lives")
def test_by_plan_revenue_moves_with_who_changes_it(app: Flask) -> None:
    with app.app_context():
        rows = {(row.month, row.plan, row.currency): row for row in of_months(JAN, NOW)}
    left, came = rows[APR, "team", "EUR"], rows[APR, "business", "EUR"]
    assert (money(left), left.moved, left.seats_moved, left.seats) == ((22800, 0, 0, 0, 0, 0, 16800), -6000, -5, 14)
    assert (money(came), came.moved, came.seats_moved, came.seats) == ((0, 0, 0, 8500, 0, 0, 14500), 6000, 5, 5)
    lost = rows[MAY, "business", "EUR"]
    assert (lost.churn, lost.ends, lost.seats_removed, lost.seats, lost.left) == (14500, 0, 5, 0, 1)
    for row in rows.values():
        grown = row.new + row.reactivation + row.expansion - row.contraction - row.churn + row.moved
        assert row.begins + grown == row.ends, row


@pytest.mark.usefixtures("lives")
def test_workspaces_and_seats_by_month(app: Flask) -> None:
    with app.app_context():
        rows = together(of_months(JAN, NOW), by=("month",))
    names = (
        "trials",
        "began",
        "left",
        "trialing",
        "active",
        "past_due",
        "read_only",
        "seats_added",
        "seats_removed",
        "seats",
    )
    assert {row.month: tuple(getattr(row, name) for name in names) for row in rows} == {
        JAN: (3, 1, 0, 3, 2, 0, 0, 4, 0, 14),
        FEB: (0, 2, 0, 0, 4, 0, 0, 7, 0, 21),
        MAR: (0, 0, 0, 0, 3, 1, 0, 2, 0, 23),
        APR: (0, 0, 1, 0, 3, 0, 1, 0, 4, 19),
        MAY: (0, 1, 1, 0, 3, 0, 0, 4, 5, 18),
        JUN: (0, 1, 0, 0, 4, 0, 0, 2, 1, 19),
    }
    assert {row.ends for row in rows} == {0}, "amounts of several currencies are never added"


@pytest.mark.usefixtures("lives")
def test_the_months_before_the_first_come_in_as_where_one_stood(app: Flask) -> None:
    with app.app_context():
        whole, later = of_months(JAN, NOW), of_months(APR, NOW)
    assert [row for row in whole if row.month >= APR] == later


@pytest.mark.usefixtures("lives")
def test_trials_count_for_the_month_of_the_sign_up(app: Flask) -> None:
    with app.app_context():
        [january] = of_trials(JAN, NOW)
        assert (january.month, january.trials, january.converted, january.share) == (JAN, 3, 2, 67)
        assert of_trials(FEB, NOW) == []
        assert first_month() == date(2025, 6, 1)


@pytest.fixture(params=["Asia/Shanghai", "America/Los_Angeles", "Pacific/Kiritimati"])
def elsewhere(request: pytest.FixtureRequest, app: Flask, installation: Installation) -> Iterator[str]:
    """A database whose clock on the wall is another one."""
    login = sql.Identifier(str(psycopg.conninfo.conninfo_to_dict(installation.settings.database_url)["user"]))
    with installation.place.owner() as connection:
        connection.execute(sql.SQL("ALTER ROLE {} SET timezone = {}").format(login, sql.Literal(request.param)))
    with app.app_context():
        db.engines[SHARED].dispose()
    yield str(request.param)
    with installation.place.owner() as connection:
        connection.execute(sql.SQL("ALTER ROLE {} RESET timezone").format(login))
    with app.app_context():
        db.engines[SHARED].dispose()


@pytest.mark.usefixtures("lives")
def test_months_are_those_of_utc_wherever_the_database_is(app: Flask, elsewhere: str) -> None:
    with app.app_context():
        with db.engines[SHARED].connect() as connection:
            assert connection.scalar(text("SELECT current_setting('TimeZone')")) == elsewhere
        rows, trials = of_months(JAN, NOW), of_trials(JAN, NOW)
    assert of_currency(rows, "EUR")[FEB] == (12000, 8400, 0, 0, 0, 0, 20400)
    assert [row.trials for row in together(rows, by=("month",))] == [3, 0, 0, 0, 0, 0]
    assert [(row.month, row.trials) for row in trials] == [(JAN, 3)]


def test_a_workspace_that_is_deleted_leaves(change: Change, app: Flask, installation: Installation) -> None:
    change("gone", "2026-01-02", "started", "team", 2, 2400)
    with installation.place.owner() as connection:
        connection.execute(
            "INSERT INTO public.deletion_certificates (id, tenant_id, slug, name, asked_by, deleted_at, counts)"
            " VALUES (%s, %s, 'gone', 'Gone', 'owner', '2026-03-03', '{}')", [new_id(), tenant("gone")],
        )  # fmt: skip
    with app.app_context():
        rows, later = of_months(JAN, NOW), of_months(APR, NOW)
    assert of_currency(rows, "EUR")[MAR] == (2400, 0, 0, 0, 0, 2400, 0)
    assert (APR in of_currency(rows, "EUR"), later) == (False, [])


def test_another_currency_is_no_growth(change: Change, app: Flask) -> None:
    change("x", "2026-01-02", "manual", "team", 2, 2400)
    change("x", "2026-02-02", "price", "team", 2, 2800, "USD")
    with app.app_context():
        rows = {(row.month, row.currency): row for row in of_months(FEB, NOW)}
    assert (rows[FEB, "EUR"].moved, rows[FEB, "EUR"].ends) == (-2400, 0)
    assert (rows[FEB, "USD"].moved, rows[FEB, "USD"].ends, rows[FEB, "USD"].new) == (2800, 2800, 0)


def test_several_changes_in_one_moment_are_counted_once(change: Change, app: Flask) -> None:
    change("x", "2026-01-02", "started", "team", 2, 2400)
    for kind in ("upgraded", "seats", "interval"):
        change("x", "2026-02-02", kind, "business", 3, 8700)
    with app.app_context():
        rows = together(of_months(FEB, NOW), by=("month", "currency"))
    assert money(rows[0]) == (2400, 0, 0, 6300, 0, 0, 8700)


def test_without_changes_there_is_nothing_to_tell(app: Flask) -> None:
    with app.app_context():
        assert (of_months(JAN, NOW), of_trials(JAN, NOW), first_month()) == ([], [], None)


@pytest.mark.parametrize(("count", "month"), [(1, JUN), (6, JAN), (7, date(2025, 12, 1)), (12, date(2025, 7, 1))])
def test_so_many_months_end_with_the_present_one(count: int, month: date) -> None:
    assert months_back(count, NOW) == month


def test_a_year_is_read_by_index_however_long_the_history(app: Flask, installation: Installation) -> None:
    """Of 200 workspaces with 60 months each, the year's rows are read, and of each workspace its last ones before."""
    many = """
        INSERT INTO public.billing_changes (id, at, tenant_id, kind, plan, currency, seats, mrr)
        SELECT gen_random_uuid(), timestamptz '2021-07-02 00:00Z' + make_interval(months => m), md5(w::text)::uuid,
            CASE m WHEN 0 THEN 'started' WHEN 46 THEN 'past_due' WHEN 47 THEN 'recovered' ELSE 'seats' END,
            'team', 'EUR', m % 7 + 1, 1200 * (m % 7 + 1)
        FROM generate_series(1, 200) w, generate_series(0, 59) m
    """
    with installation.place.owner() as connection:
        connection.execute(many)
        connection.execute("ANALYZE public.billing_changes")
    with app.app_context(), db.engines[SHARED].connect() as connection:
        explain = text(f"EXPLAIN (ANALYZE, FORMAT JSON) {movement._STEPS}")
        found = connection.execute(explain, {"start": datetime(2025, 7, 1, tzinfo=UTC), "end": NOW}).scalar_one()
    plan = json.dumps(found)
    assert '"Seq Scan", "Parallel Aware": false, "Async Capable": false, "Relation Name": "billing_changes"' not in plan
    assert read(found[0]["Plan"]) < 200 * (12 + 8)


def read(plan: dict[str, Any]) -> float:
    """Return how many rows of the changes a plan read."""
    own = 0.0
    if plan.get("Relation Name") == "billing_changes":
        own = (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * plan["Actual Loops"]
    return own + sum(read(part) for part in plan.get("Plans", ()))
