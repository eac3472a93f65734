"""A member with thousands of customers, written straight into the tables: by forms it would take minutes."""

from __future__ import annotations

from uuid import UUID

from psycopg import sql

from tests.support.installation import Place

FILLING = """
SET LOCAL search_path = {schema}, public;
INSERT INTO companies (id, name, sort_name, name_key, owner_id)
    SELECT gen_random_uuid(), 'Customer ' || n, 'customer ' || lpad(n::text, 6, '0'), 'customer ' || n, {owner}
    FROM generate_series(1, {customers}) n;
INSERT INTO contacts (id, name, sort_name, company_id, owner_id)
    SELECT gen_random_uuid(), 'Person ' || n || ' of ' || c.name, 'person', c.id, {owner}
    FROM companies c, generate_series(1, 2) n WHERE c.owner_id = {owner};
INSERT INTO opportunities (id, name, pipeline_id, stage_id, amount, currency, expected_close, company_id, owner_id)
    SELECT gen_random_uuid(), 'Deal ' || n || ' with ' || c.name, s.pipeline_id, s.id, n * 100, 'USD',
        date '2030-01-15' + (n * 31), c.id, {owner}
    FROM companies c, generate_series(1, 2) n, (SELECT * FROM stages WHERE kind = 'open' ORDER BY position LIMIT 1) s
    WHERE c.owner_id = {owner};
INSERT INTO activities (id, kind, subject, company_id, owner_id, at, due_at, done_at)
    SELECT gen_random_uuid(), CASE WHEN n > 2 THEN 'call' ELSE 'task' END, 'Activity ' || n, c.id, {owner},
        now() - n * interval '1 day', CASE WHEN n <= 2 THEN now() + n * interval '1 day' END,
        CASE WHEN n > 2 THEN now() - n * interval '1 day' END
    FROM companies c, generate_series(1, 6) n WHERE c.owner_id = {owner};
INSERT INTO search_entries (record_id, kind, title, subtitle, folded, grams, owner_id, parent_id, parent_owner_id)
    SELECT r.id, r.kind, r.name, '', lower(r.name),
        array(SELECT substr(lower(r.name), g, 3) FROM generate_series(1, length(r.name)) g), {owner}, r.parent_id,
        CASE WHEN r.parent_id IS NOT NULL THEN {owner} END
    FROM (SELECT id, 'company' AS kind, name, NULL::uuid AS parent_id FROM companies WHERE owner_id = {owner}
        UNION ALL SELECT id, 'contact', name, company_id FROM contacts WHERE owner_id = {owner}
        UNION ALL SELECT id, 'opportunity', name, company_id FROM opportunities WHERE owner_id = {owner}) r;
"""
OWNERS = """
SELECT 'company', owner_id, count(*) FROM {schema}.companies GROUP BY 2
UNION ALL SELECT 'contact', owner_id, count(*) FROM {schema}.contacts GROUP BY 2
UNION ALL SELECT 'opportunity', owner_id, count(*) FROM {schema}.opportunities GROUP BY 2
UNION ALL SELECT 'activity', owner_id, count(*) FROM {schema}.activities GROUP BY 2
UNION ALL SELECT 'entry', owner_id, count(*) FROM {schema}.search_entries GROUP BY 2
UNION ALL SELECT 'total', owner_id, sum(count) FROM {schema}.opportunity_totals GROUP BY 2 HAVING sum(count) <> 0
UNION ALL SELECT 'hand_over', from_id, count(*) FROM {schema}.hand_overs GROUP BY 2
UNION ALL SELECT 'told', member_id, count(*) FROM {schema}.audit_log WHERE action = 'update' GROUP BY 2
"""


def fill(place: Place, schema: str, owner_id: UUID, *, customers: int) -> None:
    """Give a member this many companies, each with 2 contacts, 2 open deals, 2 planned and 4 past activities."""
    written = sql.SQL(FILLING).format(
        schema=sql.Identifier(schema), owner=sql.Literal(owner_id), customers=sql.Literal(customers)
    )
    with place.owner() as connection, connection.transaction():
        connection.execute(written)


def owned(place: Place, schema: str) -> set[tuple[str, UUID | None, int]]:
    """Return how many records, copies and sums everybody has, and how many owners' changes were told."""
    with place.owner() as connection:
        rows = connection.execute(sql.SQL(OWNERS).format(schema=sql.Identifier(schema))).fetchall()
    return {(row[0], row[1], int(row[2])) for row in rows}
