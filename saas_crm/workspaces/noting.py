"""Lines in a workspace's own audit log about what befell it as a whole, also where no request is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from tenants.archive.writing import UnknownTenant
from tenants.context import entry_statement
from tenants.db import new_id
from tenants.migrate import connect
from tenants.versions import BEHIND, stands

_PLACE = "SELECT id, role_name, schema_name, schema_version FROM public.tenants WHERE slug = %s"
_PLACE_BY_ID = "SELECT id, role_name, schema_name, schema_version FROM public.tenants WHERE id = %s"
_LINE = (
    "INSERT INTO audit_log (id, member_id, through, action, resource, record_id, changes)"
    " VALUES (%s, %s, %s, %s, 'workspace', %s, %s)"
)
_LINE_OF_OPERATOR = (
    "INSERT INTO audit_log (id, member_id, through, action, resource, record_id, changes, origin)"
    " VALUES (%s, %s, %s, %s, 'workspace', %s, %s, %s)"
)
_LIMIT_MS = 15_000


def note(
    connection: psycopg.Connection[Any], slug: str | UUID, action: str, changes: Mapping[str, Any] | None = None, *,
    member_id: UUID | None = None, through: str = "command", operator: str = "",
) -> None:  # fmt: skip
    """Write a line into a workspace's log, in the transaction at hand, which speaks with its role from here on.

    It is named by its slug or its id. The login of the running application is needed, as it may take that role. An
    `operator` is named as the origin; in a workspace that is behind and knows of none yet, among the changes.
    Raises UnknownTenant.
    """
    row = connection.execute(_PLACE_BY_ID if isinstance(slug, UUID) else _PLACE, [slug]).fetchone()
    if row is None:
        raise UnknownTenant(slug)
    tenant_id, role, schema, version = row
    connection.execute(entry_statement(role, schema, _LIMIT_MS))
    told = dict(changes or {})
    if operator and stands("tenant", version) in BEHIND:
        told, operator = {**told, "operator": [None, operator]}, ""
    values = [new_id(), member_id, through, action, tenant_id, Jsonb(told)]
    if operator:
        connection.execute(_LINE_OF_OPERATOR, [*values, Jsonb({"operator": operator})])
    else:
        connection.execute(_LINE, values)


def note_as_owner(
    connection: psycopg.Connection[Any], schema: str, tenant_id: UUID, action: str, changes: Mapping[str, Any], *,
    through: str, operator: str = "",
) -> None:  # fmt: skip
    """Write a line as the owner of the tables, which need not be able to take the workspace's role.

    An `operator` is named as the origin.
    """
    connection.execute(sql.SQL("SET LOCAL search_path = {}").format(sql.Identifier(schema)))
    values = [new_id(), None, through, action, tenant_id, Jsonb(dict(changes))]
    if operator:
        connection.execute(_LINE_OF_OPERATOR, [*values, Jsonb({"operator": operator})])
    else:
        connection.execute(_LINE, values)
    connection.execute("SET LOCAL search_path = pg_catalog")


def note_alone(database_url: str, slug: str, action: str, changes: Mapping[str, Any] | None = None) -> None:
    """Write a line in a transaction of its own; raises UnknownTenant."""
    with connect(database_url) as connection, connection.transaction():
        note(connection, slug, action, changes)
