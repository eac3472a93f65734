"""Preparing the demo's database: login, tables, spares, the two workspaces. All of it may be done twice."""

from __future__ import annotations

import psycopg
from psycopg import sql

from saas_crm.cli.demo.folder import DATABASE, LOGIN
from saas_crm.cli.failures import Failure
from tenants.embedded import ServerAddress
from tenants.migrate import connect, upgrade_shared, upgrade_tenants
from tenants.settings import Settings


def make_database(address: ServerAddress) -> None:
    """Make the database if the server has none yet."""
    with connect(address.owner_url()) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if not found:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))


def make_tables(settings: Settings) -> int:
    """Bring all tables to this release and let the login in; returns how much was done. Raises Failure."""
    done = len(upgrade_shared(settings.owner_url, settings.database_url))
    outcomes = upgrade_tenants(settings.owner_url)
    if failed := [outcome for outcome in outcomes if outcome.error]:
        raise Failure(
            f"{len(failed)} workspaces could not be brought up to date: {failed[0].error}.",
            "Start again; if it stays so, another --data makes a new demo.",
        )
    _set_password(settings)
    return done + len(outcomes)


def _set_password(settings: Settings) -> None:
    """Give the login the password of the secrets: they may have been made anew. Only its hash is sent."""
    password = psycopg.conninfo.conninfo_to_dict(settings.database_url)["password"]
    with connect(settings.owner_url) as connection:
        hashed = connection.pgconn.encrypt_password(str(password).encode(), LOGIN.encode(), b"scram-sha-256")
        connection.execute(
            sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(LOGIN), sql.Literal(hashed.decode()))
        )


def fill(settings: Settings) -> list[str]:
    """Make the demo workspaces that are missing; returns their addresses. A killed attempt is taken up again."""
    if not _missing(settings):
        return []
    from saas_crm.app import create_app
    from saas_crm.demo.workspaces import load_demo
    from tenants.provisioning import make_spares

    make_spares(settings.owner_url, settings.database_url, wanted=3)
    return load_demo(create_app(settings))


def arrange_plans(settings: Settings, till_url: str) -> bool:
    """Let the demo workspaces try, pay and owe, at the double of Stripe; returns False where they do already."""
    with connect(settings.owner_url) as connection:
        owed = connection.execute("SELECT 1 FROM public.billing_changes WHERE kind = 'past_due' LIMIT 1").fetchone()
    if owed:  # the last that is arranged
        return False
    from billing.errors import BillingError
    from saas_crm.app import create_app
    from saas_crm.demo.paying import arrange

    try:
        arrange(create_app(settings), till_url)
    except BillingError as failed:
        raise Failure(
            f"The plans of the demo could not be arranged: {type(failed).__name__} {failed.message}",
            "Start without them: --no-billing (make demo BILLING=off).",
        ) from failed
    return True


def console(settings: Settings) -> str:
    """Return the path of the operators' console: that of a new link until its operator has set themselves up by one."""
    from saas_crm.app import create_app
    from saas_crm.demo.marks import OPERATOR
    from saas_crm.operators import people

    states = {one.email: one.state for one in people.operators(settings.owner_url)}
    if states.get(OPERATOR, "waiting") != "waiting":
        return "operator/"
    with create_app(settings).app_context():  # whose key seals the app's secret
        if OPERATOR in states:
            return f"operator/setup/{people.reset(settings.owner_url, OPERATOR)}"
        return f"operator/setup/{people.add(settings.owner_url, OPERATOR, 'Demo operator')}"


def _missing(settings: Settings) -> bool:
    """Whether anything is left to load, asked without the application: importing it takes a second."""
    from saas_crm.demo.marks import DEMO_SLUGS, is_loaded

    with connect(settings.owner_url) as connection:
        return not all(is_loaded(connection, slug) for slug in DEMO_SLUGS)
