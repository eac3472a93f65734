"""Does every workspace have an address that leads to it, and not to a page of ours."""

from __future__ import annotations

from typing import Any

import psycopg

from saas_crm.cli.checkup import Finding, bad, good
from tenants.slugs import RESERVED


def examine_addresses(connection: psycopg.Connection[Any]) -> Finding:
    """Look for workspaces whose address is a word that has been reserved since they were made."""
    rows = connection.execute(
        "SELECT slug FROM public.tenants WHERE slug = ANY(%s) ORDER BY slug", [sorted(RESERVED)]
    ).fetchall()
    if not rows:
        return good("addresses", "no workspace has an address that is reserved")
    slug = rows[0][0]
    return bad(
        "addresses", f"nobody reaches {', '.join(f'/{row[0]}' for row in rows)}: the word is reserved by now",
        f"`saas-crm tenants export {slug} FILE`, then `saas-crm tenants restore FILE --as ANOTHER`, and tell them.",
    )  # fmt: skip
