"""The login of the running application: made if it is missing, and what holds for all it does."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg import sql


def ensure_login(connection: psycopg.Connection[Any], runtime_url: str) -> None:
    """Make the runtime login if it is missing: NOINHERIT, owner of nothing, with an empty path.

    Where the owner may not alter roles (a managed server) the login must exist already; its path is
    set LOCAL in every tenant's transaction anyway.
    """
    parts = urlsplit(runtime_url)
    login = sql.Identifier(unquote(parts.username or ""))
    owner = connection.info.user
    if parts.username is None or unquote(parts.username) == owner:
        return
    found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [unquote(parts.username)]).fetchone()
    if not found:
        password = sql.Literal(unquote(parts.password or ""))
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN NOINHERIT PASSWORD {}").format(login, password))
        connection.execute(sql.SQL("ALTER ROLE {} SET search_path = ''").format(login))


def set_login_defaults(connection: psycopg.Connection[Any], runtime_url: str, timeout_ms: int) -> None:
    """Give the runtime login its statement timeout: it holds for the shared tables, and behind every pooler.

    In a tenant the transaction sets its own. Just-in-time compilation is off: it takes longer than any of our
    statements, and PostgreSQL falls for it where a member sees much, because it reckons without the LIMIT. An owner
    who may not alter roles leaves both to the operator, whom `saas-crm doctor` reminds; a login that is the owner
    must be able to migrate and keeps none.
    """
    name = unquote(urlsplit(runtime_url).username or "")
    if not name or name == connection.info.user:
        return
    held = connection.execute("SELECT rolconfig FROM pg_roles WHERE rolname = %s", [name]).fetchone()
    if held is None:
        return
    for setting, value in {"statement_timeout": str(timeout_ms), "jit": "off"}.items():
        if f"{setting}={value}" not in (held[0] or ()):
            change = sql.SQL("ALTER ROLE {} SET {} = {}").format(
                sql.Identifier(name), sql.Identifier(setting), sql.Literal(value)
            )
            with suppress(psycopg.errors.InsufficientPrivilege):
                connection.execute(change)
