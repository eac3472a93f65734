"""An operator asks a workspace to let them look in: its owners get a mail, and both logs a line. It opens nothing."""

from __future__ import annotations

from functools import partial

from psycopg.types.json import Jsonb

from saas_crm.operators.acts import Place, Who, record_alone
from saas_crm.operators.letters import consent_asked
from saas_crm.workspaces.letters import owners_of, post
from tenants.context import ActiveTenant, entry_statement
from tenants.db import new_id
from tenants.migrate import connect

_LINE = (
    "INSERT INTO audit_log (id, through, action, resource, record_id, changes, origin)"
    " VALUES (%s, 'command', 'support_ask', 'workspace', %s, %s, %s)"
)
_LIMIT_MS = 15_000


def ask_for_consent(who: Who, tenant: ActiveTenant, reason: str, *, database_url: str, url: str) -> int:
    """Ask a workspace's owners to let operators look in, saying why; returns how many get the mail.

    `url` is where they say yes.
    """
    with connect(database_url) as connection, connection.transaction():
        connection.execute(entry_statement(tenant.role_name, tenant.schema_name, _LIMIT_MS))
        told = Jsonb({"operator": who.name, **who.origin})
        connection.execute(_LINE, [new_id(), tenant.id, Jsonb({"reason": [None, reason]}), told])
        letter = partial(consent_asked, workspace=tenant.name, operator=who.name, reason=reason, url=url)
        count = post(connection, owners_of(connection), letter)
    record_alone(who, "consent_ask", Place(tenant.id, tenant.slug), reason=reason)
    return count
