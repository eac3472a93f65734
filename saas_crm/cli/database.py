"""`saas-crm db upgrade` and `db status`."""

from __future__ import annotations

import sys
import time
from collections import Counter
from threading import Lock

import click

from saas_crm.cli.configuration import load_settings
from saas_crm.cli.failures import FAILED, WrongCall
from saas_crm.operators.acts import note_command
from tenants.migrate import (
    Outcome,
    TenantState,
    connect,
    shared_revision,
    tenant_states,
    upgrade_shared,
    upgrade_tenants,
)
from tenants.migrations.lines import head
from tenants.provisioning import make_spares
from tenants.settings import Settings
from tenants.versions import BEHIND, Standing, stands

EVERY = 10.0
"""Seconds between two lines that tell how far an upgrade is."""


@click.command()
@click.option("--parallel", type=click.IntRange(1, 32), default=4, show_default=True, metavar="N",
              help="How many tenants are brought up at once.")  # fmt: skip
@click.option("--tenant", "slugs", multiple=True, metavar="SLUG",
              help="Only this workspace, to try a release on one or one again; may be repeated.")  # fmt: skip
def upgrade(parallel: int, slugs: tuple[str, ...]) -> None:
    """Bring the shared tables and every tenant to this release; safe to run again, and while serving.

    A tenant that fails is reported and does not stop the others; the next run takes it up again.
    """
    settings = load_settings()
    began = time.monotonic()
    _check_known(settings, slugs)
    limit = settings.database_statement_timeout_ms
    applied = upgrade_shared(settings.owner_url, settings.database_url, timeout_ms=limit)
    click.echo(f"shared: at {head('shared')}" + (f", applied {', '.join(applied)}" if applied else ""))
    outcomes = upgrade_tenants(settings.owner_url, parallel=parallel, only=slugs or None, report=_Progress())
    failed = sum(outcome.error is not None for outcome in outcomes)
    done = len(outcomes) - failed
    if outcomes:
        note_command(settings.database_url, "migrate", slugs[0] if len(slugs) == 1 else None, slugs=list(slugs),
                     done=done, failed=failed)  # fmt: skip
    click.echo(f"tenants: {done} brought to {head('tenant')}, {failed} failed")
    made = make_spares(settings.owner_url, settings.database_url, wanted=settings.spare_tenants)
    click.echo(f"spare workspaces: {made} made, {settings.spare_tenants} wanted")
    click.echo(f"done in {time.monotonic() - began:.1f} s")
    sys.exit(FAILED if failed else 0)


def _check_known(settings: Settings, slugs: tuple[str, ...]) -> None:
    """Raise WrongCall for an address that no workspace has, before anything is changed."""
    if not slugs:
        return
    with connect(settings.owner_url) as connection:
        revision = shared_revision(connection)
    known = {state.slug for state in tenant_states(settings.owner_url)} if revision else set()
    if missing := sorted(set(slugs) - known):
        raise WrongCall(f"There is no workspace at /{missing[0]}.")


class _Progress:
    """Tells which tenants failed, and every ten seconds how far it is."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._done = 0
        self._told = time.monotonic()

    def __call__(self, outcome: Outcome, of: int) -> None:
        """Take note of one tenant of so many."""
        with self._lock:
            self._done += 1
            if outcome.error is not None:
                named = f"/{outcome.slug}" if outcome.slug else "a spare workspace"
                click.echo(f"{named} ({outcome.schema}): {outcome.error}", err=True)
            if time.monotonic() - self._told > EVERY:
                self._told = time.monotonic()
                click.echo(f"tenants: {self._done} of {of}")


@click.command()
def status() -> None:
    """Tell the version of the shared tables and of each tenant; exit code 1 when something is behind.

    One revision behind is still served; what is older refuses until `db upgrade` has run.
    """
    settings = load_settings()
    with connect(settings.owner_url) as connection:
        revision = shared_revision(connection)
    told = stands("shared", revision)
    click.echo(f"shared  {revision or 'empty'}  {_in_words(told, 'shared')}")
    states = tenant_states(settings.owner_url) if revision else []
    _print_tenants([state for state in states if state.slug is not None])
    spares = Counter(state.revision for state in states if state.slug is None)
    for at, count in sorted(spares.items()):
        click.echo(f"{count} spare workspace{'s' if count > 1 else ''} at {at}")
    behind = sum(state.standing in BEHIND for state in states)
    if told in BEHIND or behind:
        click.echo(f"{behind} of {len(states)} tenants and spares are behind. Run `saas-crm db upgrade`.", err=True)
        sys.exit(FAILED)


def _print_tenants(tenants: list[TenantState]) -> None:
    width = max((len(state.slug or "") for state in tenants), default=0)
    for state in tenants:
        failed = f"  last attempt: {state.error}" if state.error else ""
        word = _in_words(state.standing, "tenant")
        click.echo(f"{state.slug:<{width}}  {state.revision}  {state.status}  {word}{failed}")


def _in_words(told: Standing, line: str) -> str:
    """Say how a version stands to this release, and whether it is served."""
    return {
        "current": "current", "newer": f"newer than {head(line)}, served",
        "previous": f"newest is {head(line)}, served", "older": f"newest is {head(line)}, refuses to serve",
    }[told]  # fmt: skip
