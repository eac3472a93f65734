"""The database: does it answer, is it up to date, may each login do what it must, and no more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg

from saas_crm.cli.checkup import Finding, bad, good, warning
from saas_crm.cli.checkup.addresses import examine_addresses
from saas_crm.cli.checkup.rights import examine_rights
from saas_crm.cli.failures import first_line
from tenants.migrate import connect, shared_revision
from tenants.migrations.lines import head
from tenants.settings import Settings
from tenants.versions import served_from, stands

OLDEST = 15
STALE_SECONDS = 60
_UPGRADE = "Run `saas-crm db upgrade`."

Connection = psycopg.Connection[Any]


def examine_database(settings: Settings) -> Iterator[Finding]:
    """Yield what is found with both logins; without a connection nothing further is asked."""
    yield from _examine_as(settings.database_url, "DATABASE_URL", _as_application)
    yield from _examine_as(settings.owner_url, "DATABASE_OWNER_URL", _as_owner)


def _examine_as(url: str, setting: str, ask: Any) -> Iterator[Finding]:
    try:
        with closing(connect(url)) as connection:
            yield from ask(connection)
    except psycopg.OperationalError as error:
        yield bad("database", f"no connection by {setting}: {first_line(error)}",
                  f"Is the server running, and does {setting} name it, with the right login?")  # fmt: skip
    except psycopg.Error as error:
        yield bad("database", f"{setting}: {first_line(error)}",
                  f"Does {setting} name the right database and login? See docs/operations.md.")  # fmt: skip


def _as_application(connection: Connection) -> Iterator[Finding]:
    version = connection.info.server_version // 10_000
    login = connection.info.user
    if version < OLDEST:
        yield bad("database", f"PostgreSQL {version} is too old", f"Use PostgreSQL {OLDEST} or newer.")
    else:
        yield good("database", f"PostgreSQL {version} answers {login}")
    yield from _login(connection)
    yield _limit(connection)
    yield _compilation(connection)
    revision = connection.execute("SELECT to_regclass('public.shared_version')").fetchone()
    if revision == (None,):
        yield bad("tables", "there are none yet", _UPGRADE)
        return
    yield examine_rights(connection)
    yield _worker(connection)


def _login(connection: Connection) -> Iterator[Finding]:
    row = connection.execute(
        "SELECT rolsuper, rolbypassrls, rolinherit, rolcreaterole,"
        " (SELECT count(*) FROM pg_class c WHERE c.relowner = r.oid)"
        " FROM pg_roles r WHERE rolname = current_user"
    ).fetchone()
    assert row is not None
    powers = ("is a superuser", "may bypass row security", "inherits its roles' rights", "may make roles",
              "owns tables")  # fmt: skip
    held = [power for power, has in zip(powers, row, strict=True) if has]
    name = connection.info.user
    if held:
        yield bad(
            "login", f"{name}, which answers requests, {' and '.join(held)}",
            "Let DATABASE_URL name a login of its own that owns nothing (NOINHERIT), and DATABASE_OWNER_URL the "
            "owner; `saas-crm db upgrade` makes the login.",
        )  # fmt: skip
    else:
        yield good("login", f"{name} owns nothing and has no rights but those of the tenant it speaks for")


def _limit(connection: Connection) -> Finding:
    """Look at the limit outside of tenants' transactions, which set their own."""
    row = connection.execute("SHOW statement_timeout").fetchone()
    if row is not None and row[0] != "0":
        return good("timeout", f"a statement on the shared tables ends after {row[0]}")
    name = connection.info.user
    return warning("timeout", "a statement on the shared tables may run without end",
                   f"Run `saas-crm db upgrade`; or give the role {name} a statement_timeout.")  # fmt: skip


def _compilation(connection: Connection) -> Finding:
    if connection.execute("SHOW jit").fetchone() == ("off",):
        return good("jit", "just-in-time compilation is off, as quick statements want it")
    return warning("jit", "just-in-time compilation is on: long lists will take several times as long",
                   f"Run `saas-crm db upgrade`; or switch jit off for the role {connection.info.user}.")  # fmt: skip


def _worker(connection: Connection) -> Finding:
    try:
        row = connection.execute("SELECT extract(epoch FROM now() - public.worker_seen_at())::float").fetchone()
    except psycopg.Error as error:
        return bad("worker", first_line(error), _UPGRADE)
    age = row[0] if row else None
    if age is None:
        return bad("worker", "none was ever seen", "Start `saas-crm worker`: without it no mail leaves.")
    if age > STALE_SECONDS:
        return bad("worker", f"last seen {age:.0f} s ago", "Start `saas-crm worker`: without it no mail leaves.")
    return good("worker", f"seen {age:.0f} s ago")


def _as_owner(connection: Connection) -> Iterator[Finding]:
    row = connection.execute(
        "SELECT rolsuper OR rolcreaterole, has_database_privilege(current_database(), 'CREATE')"
        " FROM pg_roles WHERE rolname = current_user"
    ).fetchone()
    name = connection.info.user
    lacks = [what for what, has in zip(("make roles", "make schemas"), row or (), strict=True) if not has]
    if lacks:
        yield bad("owner", f"{name} may not {' or '.join(lacks)}",
                  f"ALTER ROLE {name} CREATEROLE; GRANT CREATE ON DATABASE … TO {name};")  # fmt: skip
    else:
        yield good("owner", f"{name} may make schemas and roles")
    yield from _migrations(connection)
    if shared_revision(connection):
        yield examine_addresses(connection)


def _migrations(connection: Connection) -> Iterator[Finding]:
    revision = shared_revision(connection)
    stood = stands("shared", revision)
    if stood == "older":
        yield bad(
            "migrations", f"the shared tables are at {revision or 'nothing'}, newest is {head('shared')}", _UPGRADE
        )
        return
    row = connection.execute(
        "SELECT count(*) FILTER (WHERE slug IS NOT NULL),"
        ' count(*) FILTER (WHERE schema_version COLLATE "C" < %(oldest)s),'
        ' count(*) FILTER (WHERE schema_version COLLATE "C" < %(newest)s),'
        """ count(*) FILTER (WHERE status = 'spare' AND schema_version COLLATE "C" >= %(oldest)s),"""
        " max(migration_error) FROM public.tenants WHERE status <> 'making'",
        {"oldest": served_from("tenant"), "newest": head("tenant")},
    ).fetchone()
    assert row is not None
    workspaces, older, behind, spares, error = row
    why = f": {error}" if error else ""
    if older:
        yield bad("migrations", f"{older} tenants are behind and refuse to serve{why}", _UPGRADE)
    elif behind or stood == "previous":
        place = f"{behind} tenants" if behind else "the shared tables"
        yield warning("migrations", f"{place} one revision behind, which this release still serves{why}", _UPGRADE)
    else:
        yield good("migrations", f"shared {revision}, {workspaces} workspaces at {head('tenant')} or newer")
    if not spares:
        yield warning("spares", "no ready-made workspace: the next sign-up must wait",
                      "The worker makes them every minute; `saas-crm db upgrade` at once.")  # fmt: skip
    else:
        yield good("spares", f"{spares} ready for sign-ups")
