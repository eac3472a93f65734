"""What the demo is known by: its addresses, sign-ins and the mark that its data is whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from psycopg import sql

DEMO_PASSWORD = "demo-demo-demo"  # noqa: S105 - of the demo alone; nothing else in the product has a default
SIGN_INS: Mapping[str, Sequence[str]] = {
    "demo": [f"{who}@demo.example" for who in ("owner", "admin", "manager", "rep", "rep2", "viewer")],
    "huaxia": [f"{who}@huaxia.example" for who in ("owner", "rep")],
}
DEMO_SLUGS = tuple(SIGN_INS)
OWING = "nordwerk"
OWING_SIGN_INS: Mapping[str, Sequence[str]] = {OWING: [f"{who}@nordwerk.example" for who in ("owner", "rep")]}
"""The workspace whose payment is due; there is one only where the demo sells plans."""
OPERATOR = "operator@demo.example"
"""Who runs the demo; they set password and authenticator app up by the link that each start prints until then."""
LOADED = "load-demo"
"""The audit row written in the same transaction as a workspace's data: where it is, the data is whole."""
_FOUND = """
    SELECT schema_name FROM public.tenants WHERE slug = %s OR id IN (
        SELECT tenant_id FROM public.former_slugs WHERE slug = %s AND until > now()
    )
"""
"""Whoever tries the demo may give a workspace another address: it is the same one."""


def is_loaded(connection: psycopg.Connection[Any], slug: str) -> bool:
    """Whether a demo workspace is there with all its data, also at another address; asked with the owner's login."""
    row = connection.execute(_FOUND, [slug, slug]).fetchone()
    if row is None:
        return False
    query = sql.SQL("SELECT 1 FROM {} WHERE action = %s LIMIT 1").format(sql.Identifier(row[0], "audit_log"))
    return connection.execute(query, [LOADED]).fetchone() is not None
