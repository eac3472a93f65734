"""The tree of commands; each is imported only when it is called, so that all of them start fast."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import click

from saas_crm.cli.failures import explained


class LazyGroup(click.Group):
    """A group whose commands are named as "module:attribute" and imported at their first use."""

    def __init__(self, *args: Any, lazy: Mapping[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lazy = dict(lazy or {})

    def list_commands(self, _context: click.Context) -> list[str]:
        """Return the names in the order they are listed."""
        return list(self._lazy)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        """Import and return one command; None for an unknown name."""
        place = self._lazy.get(name)
        if place is None:
            return None
        module, _, attribute = place.partition(":")
        found: click.Command = getattr(importlib.import_module(f"saas_crm.cli.{module}"), attribute)
        return found


class RootGroup(LazyGroup):
    """The outermost group: turns what people can mend into one line."""

    def invoke(self, context: click.Context) -> Any:
        """Run the command; an error nobody foresaw keeps its traceback, because it is ours to mend."""
        try:
            return super().invoke(context)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            failure = explained(error)
            if failure is None:
                raise
            raise failure from None


@click.group(
    cls=RootGroup,
    lazy={
        "demo": "demo:demo",
        "serve": "serve:serve",
        "worker": "worker:worker",
        "db": "commands:database",
        "tenants": "commands:tenants",
        "users": "commands:users",
        "operators": "commands:operators",
        "billing": "commands:billing",
        "openapi": "openapi:openapi",
        "doctor": "doctor:doctor",
        "capacity": "capacity:capacity",
    },
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="saas-crm")
def command() -> None:
    """A multi-tenant CRM. Settings come from the environment; `saas-crm doctor` checks them."""


@click.group(
    cls=LazyGroup,
    lazy={
        "upgrade": "database:upgrade",
        "status": "database:status",
        "check": "revisions:check",
        "revision": "revisions:revision",
        "reseal": "sealing:reseal",
    },
)
def database() -> None:
    """The database's tables: bring them up to date, look at them, revise them."""


@click.group(
    cls=LazyGroup,
    lazy={
        "create": "tenants:create",
        "list": "tenants:list_tenants",
        "export": "workspaces:export",
        "restore": "workspaces:restore",
        "suspend": "standing:suspend_command",
        "resume": "standing:resume",
        "domain": "domains:domain",
        "delete": "workspaces:delete",
        "certificates": "certificates:list_certificates",
        "backup": "backups:backup",
        "backups": "backups:backups",
        "fetch": "backups:fetch",
    },
)
def tenants() -> None:
    """Workspaces: make one, list them, take one along and bring it back, suspend, delete."""


@click.group(cls=LazyGroup, lazy={"email": "users:change_email", "reset-two-factor": "users:reset_two_factor"})
def users() -> None:
    """Sign-ins of people, which belong to no single workspace."""


@click.group(
    cls=LazyGroup,
    lazy={
        "add": "operators:add",
        "list": "operators:list_operators",
        "disable": "operators:disable",
        "enable": "operators:enable",
        "reset": "operators:reset",
        "jobs": "operator_jobs:jobs",
        "consent": "operator_visits:consent",
        "visits": "operator_visits:visits",
    },
)
def operators() -> None:
    """Those who run the installation, and sign in to its console at /operator; and what they do there, by command."""


@click.group(
    cls=LazyGroup,
    lazy={
        "sync": "billing:sync_command",
        "show": "billing:show",
        "manual": "billing:manual",
        "figures": "billing:figures",
        "months": "billing_months:months",
        "events": "billing_events:events",
        "replay": "billing_events:replay",
        "reconcile": "billing_events:reconcile",
    },
)
def billing() -> None:
    """What workspaces pay: prices at Stripe, subscriptions, events, figures."""
