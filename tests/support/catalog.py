"""What is in a schema, as comparable lines: columns, constraints, indexes, triggers, functions, rights."""

from __future__ import annotations

from typing import Any

import psycopg

_QUERIES = {
    "column": """
        SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
            pg_get_expr(d.adbin, d.adrelid), a.attgenerated, a.attnum
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE c.relnamespace = %(schema)s::regnamespace AND c.relkind = 'r'""",
    "constraint": """
        SELECT c.conrelid::regclass::text, c.conname, pg_get_constraintdef(c.oid)
        FROM pg_constraint c WHERE c.connamespace = %(schema)s::regnamespace""",
    "index": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = %(schema)s",
    "trigger": """
        SELECT c.relname, t.tgname, pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        WHERE NOT t.tgisinternal AND c.relnamespace = %(schema)s::regnamespace""",
    "function": """
        SELECT p.proname, pg_get_functiondef(p.oid), p.proacl::text FROM pg_proc p
        WHERE p.pronamespace = %(schema)s::regnamespace""",
    "right": """
        SELECT c.relname, c.relkind, pg_get_userbyid(c.relowner), (
            SELECT string_agg(item::text, ',' ORDER BY item::text) FROM unnest(c.relacl) item
        ) FROM pg_class c WHERE c.relnamespace = %(schema)s::regnamespace""",
    "schema": """
        SELECT pg_get_userbyid(nspowner), nspacl::text FROM pg_namespace WHERE oid = %(schema)s::regnamespace""",
    "default right": """
        SELECT defaclobjtype, defaclacl::text FROM pg_default_acl
        WHERE defaclnamespace = %(schema)s::regnamespace""",
}  # fmt: skip


def catalog(connection: psycopg.Connection[Any], schema: str) -> list[str]:
    """Return the schema's catalog entries as sorted lines, with its name replaced by `TENANT`."""
    lines = []
    for kind, query in _QUERIES.items():
        for row in connection.execute(query.encode(), {"schema": schema}).fetchall():
            lines.append(f"{kind}: {' | '.join(map(str, row))}".replace(schema, "TENANT"))
    return sorted(lines)
