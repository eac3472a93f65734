"""Ways in that were closed after an archive was written: restoring it must not open them again.

A token that was ended because its phone was stolen, an invitation that was taken back, a consent that support may look
in, a provider that is no longer trusted: all of these were as good as ever on the day of the archive. So were people
who have been locked out or removed since; they are locked out, which one click undoes where that was the mistake.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from tenants.archive.loading import Loaded

_OPEN_HERE = {
    "api_tokens": (
        "UPDATE {new} n SET revoked_at = now() WHERE n.revoked_at IS NULL AND NOT EXISTS",
        "SELECT FROM {present} p WHERE p.token_hash = n.token_hash AND p.revoked_at IS NULL",
    ),
    "invitations": (
        "UPDATE {new} n SET withdrawn_at = now() WHERE n.accepted_at IS NULL AND n.withdrawn_at IS NULL AND NOT EXISTS",
        "SELECT FROM {present} p WHERE p.token_hash = n.token_hash AND p.accepted_at IS NULL"
        " AND p.withdrawn_at IS NULL",
    ),
    "support_consents": (
        "UPDATE {new} n SET withdrawn_at = now() WHERE n.withdrawn_at IS NULL AND NOT EXISTS",
        "SELECT FROM {present} p WHERE p.id = n.id AND p.withdrawn_at IS NULL",
    ),
    "identity_providers": (
        "UPDATE {new} n SET trusted_from = now() WHERE NOT EXISTS",
        "SELECT FROM {present} p WHERE p.issuer = n.issuer AND p.trusted_from IS NOT DISTINCT FROM n.trusted_from",
    ),
}  # fmt: skip
"""By table: what ends a way in, and the row of today by which it stays open."""
_NOTHING = "SELECT WHERE false"
_LOCKED_OUT = """
    WITH gone AS MATERIALIZED (
        SELECT n.id, r.key = 'owner' AS owns FROM {members} n JOIN {roles} r ON r.id = n.role_id
        JOIN {present} p ON p.id = n.id WHERE n.status = 'active' AND p.status <> 'active'
    ), owners AS MATERIALIZED (
        SELECT FROM {members} n JOIN {roles} r ON r.id = n.role_id
        WHERE r.key = 'owner' AND n.status = 'active' AND n.id NOT IN (SELECT id FROM gone)
    )
    UPDATE {members} n SET status = 'frozen' FROM gone
    WHERE gone.id = n.id AND (gone.owns IS NOT TRUE OR EXISTS (SELECT FROM owners))
"""
"""Of owners only where another one is left: a workspace that nobody may open could be opened to nobody again."""


def schema_of(connection: psycopg.Connection[Any], tenant_id: UUID) -> str | None:
    """Return where a workspace's data of today is; None where there is no such workspace here."""
    row = connection.execute("SELECT schema_name FROM public.tenants WHERE id = %s", [tenant_id]).fetchone()
    return str(row[0]) if row else None


def close_again(loaded: Loaded, present: str | None) -> None:
    """End what the archive has open and the workspace of today, whose schema is `present`, has not.

    Without one, as in another installation, everything ends, and so does what a damaged workspace cannot tell; but of
    people only who is known to be out is locked out.
    """
    for table in _OPEN_HERE:
        if present is None or not _ended(loaded, table, present):
            _ended(loaded, table, None)
    if present is not None:
        _lock_out(loaded, present)


def _lock_out(loaded: Loaded, present: str) -> None:
    """Lock the members out who are frozen or removed today; nobody where a damaged workspace cannot tell."""
    names = {name: sql.Identifier(loaded.schema, name) for name in ("members", "roles")}
    locked = sql.SQL(_LOCKED_OUT).format(**names, present=sql.Identifier(present, "members"))
    with suppress(psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn), loaded.connection.transaction():
        loaded.connection.execute(locked)


def _ended(loaded: Loaded, table: str, present: str | None) -> bool:
    """Compare one table with that of today; returns whether that could be done."""
    ends, stays = _OPEN_HERE[table]
    new = sql.Identifier(loaded.schema, table)
    kept = sql.SQL(stays).format(present=sql.Identifier(present, table)) if present else sql.SQL(_NOTHING)
    try:
        with loaded.connection.transaction():
            loaded.connection.execute(sql.SQL("{} ({})").format(sql.SQL(ends).format(new=new), kept))
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn):
        if present is None:
            raise
        return False
    return True
