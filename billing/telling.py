"""Whom letters about billing go to, and that each goes once: noted and sent in one transaction."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg

from billing.letter_parts import Facts
from billing.letters import letter
from billing.plans import Plan, UnknownPlan, catalogue
from saas_crm.core.mail import Letter
from saas_crm.workspaces.ending import address_by
from saas_crm.workspaces.letters import Reader, post
from tenants.context import entry_statement
from tenants.migrate import connect
from tenants.settings import Settings

_NOTE = """
    UPDATE public.subscriptions SET told = array_append(told, %(key)s)
    WHERE tenant_id = %(id)s AND NOT %(key)s = ANY (told)
    RETURNING plan
"""
_TENANT = "SELECT slug, name, role_name, schema_name, timezone FROM public.tenants WHERE id = %s"
_READERS = """
    SELECT m.name, m.email, m.locale FROM members m JOIN roles r ON r.id = m.role_id
    WHERE (r.key = 'owner' OR r.permissions ?& array['billing:read', 'billing:update'])
        AND m.status = 'active' AND m.deleted_at IS NULL
    ORDER BY m.id
"""
_LIMIT_MS = 15_000


def tell_once(
    settings: Settings, tenant_id: UUID, kind: str, *, key: str = "", until: datetime | None = None, days: int = 0,
    plan: str = "",
) -> int:  # fmt: skip
    """Mail the letter of a kind (`letters.WRITERS`) to those who look after billing; returns how many mails.

    Once for each `key`, by default the kind, as long as the subscription keeps it in `told`: whoever enters a new state
    empties that. `plan` is named where it is not the row's own.
    """
    with connect(settings.database_url) as connection, connection.transaction():
        noted = connection.execute(_NOTE, {"key": key or kind, "id": tenant_id}).fetchone()
        tenant = connection.execute(_TENANT, [tenant_id]).fetchone()
        if noted is None or tenant is None:
            return 0
        slug, name, role, schema, zone = tenant
        facts = Facts(
            name, address_by(connection, tenant_id, slug, settings.base_url), _plan(plan or noted[0]),
            until.astimezone(ZoneInfo(zone)) if until else None, days,
        )  # fmt: skip
        connection.execute(entry_statement(role, schema, _LIMIT_MS))
        return post(connection, readers_of(connection), partial(_write, kind, facts))


def _write(kind: str, facts: Facts, reader: Reader) -> Letter:
    return letter(kind, reader, facts)


def _plan(key: str) -> Plan | None:
    try:
        return catalogue().plan(key)
    except UnknownPlan:
        return None


def readers_of(connection: psycopg.Connection[Any]) -> list[Reader]:
    """Return who looks after billing in the workspace whose tables are on the connection's path.

    Whoever may change it and not see it would be led to a page that is closed to them.
    """
    return [Reader(*row) for row in connection.execute(_READERS)]
