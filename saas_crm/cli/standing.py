"""`saas-crm tenants suspend` and `resume`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import click

from saas_crm.cli.configuration import load_settings
from saas_crm.cli.failures import Failure
from saas_crm.cli.workspaces import unknown
from saas_crm.operators.acts import note_command
from saas_crm.workspaces.standing import NotSuspendable, Standing, lift, suspend
from tenants.archive.writing import UnknownTenant
from tenants.standing import BILLING, CLOSED, OPERATOR, READ_ONLY, RESTORING, Suspension

_WORDS = {"active": "active", "read_only": "read-only", "suspended": "suspended"}


@click.command("suspend")
@click.argument("slug")
@click.option("--read-only", "kind", flag_value=READ_ONLY, help="Its people can read and export, and change nothing.")
@click.option("--closed", "kind", flag_value=CLOSED, default=True, help="Its people cannot come in. The default.")
@click.option("--reason", default="", help="Why, as its people will read it.")
@click.option("--ask", default="", help="Whom they may ask: a name, an address, a number. Else the workspace's owner.")
@click.option("--until", type=click.DateTime(), help="It ends by itself at this moment (UTC).")
def suspend_command(slug: str, kind: str, reason: str, ask: str, until: datetime | None) -> None:
    """Make the workspace SLUG read-only or close it, from the next request on; nothing in it is changed."""
    moment = until.replace(tzinfo=UTC) if until else None
    why = Suspension(
        OPERATOR, "read_only" if kind == READ_ONLY else "closed", " ".join(reason.split()), ask.strip(), moment
    )
    done = _done(slug, lambda url: suspend(url, slug, why))
    _noted("suspend", slug, done, kind=why.kind, reason=why.reason)
    _tell(slug, done)


@click.command()
@click.argument("slug")
@click.option("--cause", type=click.Choice([OPERATOR, BILLING, RESTORING]), default=OPERATOR, show_default=True,
              help="What it was suspended for.")  # fmt: skip
def resume(slug: str, cause: str) -> None:
    """Open the workspace SLUG again, at once; also one that a restore left closed because it was killed."""
    done = _done(slug, lambda url: lift(url, slug, cause))
    _noted("resume", slug, done)
    _tell(slug, done)


def _done(slug: str, act: Callable[[str], Standing]) -> Standing:
    try:
        return act(load_settings().database_url)
    except UnknownTenant:
        raise unknown(slug) from None
    except NotSuspendable:
        raise Failure(f"{slug} is the former data of a workspace that was restored; it stays closed.") from None


def _noted(act: str, slug: str, done: Standing, **details: str) -> None:
    if done.changed:
        note_command(load_settings().database_url, act, slug, **details)


def _tell(slug: str, found: Standing) -> None:
    already = "" if found.changed else " already"
    click.echo(f"{slug} is {_WORDS[found.after]}{already}")
    for cause in found.causes:
        until = f", until {cause.until:%Y-%m-%d %H:%M} UTC" if cause.until else ""
        click.echo(f"  {cause.cause}: {_WORDS[cause.kind] if cause.kind == READ_ONLY else 'closed'}{until}"
                   + (f" ({cause.reason})" if cause.reason else ""))  # fmt: skip
