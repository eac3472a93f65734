"""Tables are not free: what an empty tenant may cost."""

from __future__ import annotations

from tests.support.installation import Installation

TABLES, INDEXES, BYTES = 80, 200, 5_000_000


def test_an_empty_tenant_stays_within_its_budget(installation: Installation) -> None:
    with installation.place.owner() as connection:
        row = connection.execute(
            "SELECT count(*) FILTER (WHERE c.relkind = 'r'), count(*) FILTER (WHERE c.relkind = 'i'),"
            " sum(pg_total_relation_size(c.oid)) FILTER (WHERE c.relkind = 'r')"
            " FROM pg_class c JOIN public.tenants t ON t.schema_name = c.relnamespace::regnamespace::text"
            " WHERE t.status = 'spare' GROUP BY t.id ORDER BY 3 LIMIT 1"  # the others may have been used by tests
        ).fetchone()
    assert row is not None
    tables, indexes, size = row
    assert 10 < tables <= TABLES
    assert indexes <= INDEXES
    assert size <= BYTES


def test_no_table_refers_to_another_tenant_or_to_shared_tables(installation: Installation) -> None:
    """A tenant can move to another server: nothing binds its rows to any outside its schema."""
    with installation.place.owner() as connection:
        crossing = connection.execute(
            "SELECT c.conname FROM pg_constraint c JOIN pg_class a ON a.oid = c.conrelid"
            " JOIN pg_class b ON b.oid = c.confrelid WHERE c.contype = 'f' AND a.relnamespace <> b.relnamespace"
        ).fetchall()
    assert crossing == []


def test_no_extension_is_needed(installation: Installation) -> None:
    with installation.place.owner() as connection:
        assert connection.execute("SELECT extname FROM pg_extension").fetchall() == [("plpgsql",)]
