"""The number of customers is kept by triggers: always what a count would say."""

from __future__ import annotations

import random
import threading
from typing import Any

import psycopg
import pytest
from flask import Flask

from tenants.migrate import upgrade_tenant
from tenants.migrations import lines
from tests.support.cast import Cast
from tests.support.installation import Installation, Place
from tests.support.release import Release

pytestmark = pytest.mark.newest
KEPT = "SELECT coalesce(sum(amount), 0) FROM usage_sums WHERE kind = 'customers'"
COUNTED = """
    SELECT (SELECT count(*) FROM companies WHERE deleted_at IS NULL)
        + (SELECT count(*) FROM contacts WHERE deleted_at IS NULL)
"""
OWNER = "(SELECT id FROM members LIMIT 1)"
MAKE = {
    "companies": f"""
        INSERT INTO companies (id, name, sort_name, name_key, owner_id, deleted_at)
        SELECT gen_random_uuid(), 'Firm', 'firm', 'firm', {OWNER}, CASE WHEN n %% 3 = 0 THEN now() END
        FROM generate_series(1, %s) n
    """,
    "contacts": f"""
        INSERT INTO contacts (id, name, sort_name, owner_id, deleted_at)
        SELECT gen_random_uuid(), 'Person', 'person', {OWNER}, CASE WHEN n %% 4 = 0 THEN now() END
        FROM generate_series(1, %s) n
    """,
}
ACTS = (
    "UPDATE {} SET deleted_at = now() WHERE id IN (SELECT id FROM {} ORDER BY random() LIMIT 3)",
    "UPDATE {} SET deleted_at = NULL WHERE id IN (SELECT id FROM {} ORDER BY random() LIMIT 3)",
    "UPDATE {} SET name = 'Renamed' WHERE id IN (SELECT id FROM {} ORDER BY random() LIMIT 5)",
    "DELETE FROM {} WHERE id IN (SELECT id FROM {} ORDER BY random() LIMIT 2)",
)


def entered(place: Place, cast: Cast) -> psycopg.Connection[Any]:
    connection = place.owner()
    connection.execute(f"SET search_path = {cast.tenants['acme'].schema_name}")
    return connection


def test_every_kind_of_change_is_counted(app: Flask, cast: Cast, installation: Installation) -> None:
    chance = random.Random(5)
    with entered(installation.place, cast) as connection:
        for _ in range(60):
            table = chance.choice(tuple(MAKE))
            if chance.random() < 0.4:
                connection.execute(MAKE[table], [chance.randint(0, 6)])
            else:
                connection.execute(chance.choice(ACTS).format(table, table))
            assert connection.execute(KEPT).fetchone() == connection.execute(COUNTED).fetchone()


def test_summands_are_added_up_and_none_is_lost(app: Flask, cast: Cast, installation: Installation) -> None:
    def work() -> None:
        with entered(installation.place, cast) as connection:
            for _ in range(300):
                connection.execute(MAKE["companies"], [1])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with entered(installation.place, cast) as connection:
        assert connection.execute(KEPT).fetchone() == connection.execute(COUNTED).fetchone()
        assert connection.execute(COUNTED).fetchone() == (1200,)
        rows = connection.execute("SELECT count(*) FROM usage_sums").fetchone()
        assert rows is not None
        assert rows[0] < 1200, "some of them were added up"


def test_a_workspace_that_is_brought_up_begins_with_what_it_has(
    app: Flask, cast: Cast, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    Release(monkeypatch).has(tuple(step for step in lines.steps("tenant") if step.revision <= "0020"))
    schema = cast.tenants["acme"].schema_name
    with entered(installation.place, cast) as connection:
        for table in MAKE:
            connection.execute(
                f"DROP TRIGGER count_customers_made ON {table}; DROP TRIGGER count_customers_gone ON {table};"
                f"DROP TRIGGER count_customer_recycled ON {table}"
            )
        connection.execute(
            "DROP TABLE usage_sums; DROP FUNCTION add_usage, count_customers_made, count_customers_gone,"
            " count_customer_recycled"
        )
        connection.execute("UPDATE public.tenants SET schema_version = '0019' WHERE schema_name = %s", [schema])
        connection.execute(MAKE["companies"], [9])
        connection.execute(MAKE["contacts"], [9])
        assert upgrade_tenant(connection, schema).error is None
        connection.execute(f"SET search_path = {schema}")
        assert connection.execute(KEPT).fetchone() == connection.execute(COUNTED).fetchone() == (13,)
