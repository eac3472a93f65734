"""All that a workspace holds, to see that nothing of something is left, or that nothing has changed."""

from __future__ import annotations

from tests.support.installation import Installation


def everything(installation: Installation, schema: str) -> dict[str, str]:
    """Return all that a workspace holds, as text by table."""
    with installation.place.owner() as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [schema]).fetchall()
        found = {}
        for (table,) in tables:
            query = f"SELECT coalesce(string_agg(t::text, '|'), '') FROM {schema}.{table} t"
            row = connection.execute(query).fetchone()
            assert row is not None
            found[table] = row[0].lower()
        bodies = connection.execute(
            f"SELECT convert_from(body, 'UTF8') FROM {schema}.idempotency_keys WHERE body <> ''"
        )
        found["answers"] = str(bodies.fetchall()).lower()
    return found
