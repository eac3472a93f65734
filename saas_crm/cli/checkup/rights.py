"""May the login that answers requests do what a request does: read the shared tables, speak for each workspace."""

from __future__ import annotations

from typing import Any

import psycopg

from saas_crm.cli.checkup import Finding, bad, good

# Since 16 being a member of a role and being allowed to take it on are two things.
_MAY_TAKE_ON = {True: "SET", False: "MEMBER"}


def examine_rights(connection: psycopg.Connection[Any]) -> Finding:
    """Look at the rights of the connection's own login; the tables must be there."""
    login = connection.info.user
    if connection.execute("SELECT has_table_privilege('public.tenants', 'SELECT')").fetchone() != (True,):
        return bad("rights", f"{login} may not read the shared tables: they were made for another login",
                   "Let DATABASE_URL name the login that `saas-crm db upgrade` was first run with.")  # fmt: skip
    rows = connection.execute(
        "SELECT t.role_name, r.oid IS NULL FROM public.tenants t LEFT JOIN pg_roles r ON r.rolname = t.role_name"
        " WHERE t.status <> 'making' AND (r.oid IS NULL OR NOT pg_has_role(r.oid, %s)) ORDER BY 2 DESC, 1",
        [_MAY_TAKE_ON[connection.info.server_version >= 160_000]],
    ).fetchall()
    if not rows:
        return good("rights", f"{login} may speak for every workspace")
    role, is_missing = rows[0]
    if is_missing:
        said = f"roles are missing, {role} for one: {len(rows)} workspaces and spares cannot be entered"
        return bad("rights", said, "Roles belong to the server: restore them too (pg_dumpall --roles-only).")
    return bad("rights", f"{login} may not speak for {len(rows)} workspaces and spares",
               f"As the owner, for each of their roles: GRANT {role} TO {login};")  # fmt: skip
