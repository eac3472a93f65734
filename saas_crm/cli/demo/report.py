"""What the person who starts the demo reads."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from saas_crm.cli.ports import EVERYWHERE, LOCALHOST, named, network_address, written
from saas_crm.demo.marks import DEMO_PASSWORD, OPERATOR, OWING_SIGN_INS, SIGN_INS

_WIDTH = 22


class Step:
    """One line of progress; `said` is what came of it."""

    said = "ready"


@contextmanager
def step(name: str) -> Iterator[Step]:
    """Show that something is being done, and when it is, what came of it and how long it took."""
    began = time.monotonic()
    click.echo(f"  {name + ' ':.<{_WIDTH}} ", nl=False)
    made = Step()
    try:
        yield made
    except BaseException:
        click.echo("stopped")
        raise
    click.echo(f"{made.said:<24} {time.monotonic() - began:5.1f} s")


def show_addresses(host: str, port: int, mail: Path, console: str, *, paying: bool = False) -> None:
    """Say where the demo is, who may sign in, where its `console` for operators is, and how it is stopped."""
    everywhere = host in EVERYWHERE
    here = written(LOCALHOST if everywhere else named(host), port)
    click.echo(f"\n  Open       http://{here}/")
    network = network_address() if everywhere else None
    if network:
        click.echo(f"  On phones  http://{written(network, port)}/   (in the same network)")
    elif not everywhere:
        click.echo("  On phones  start with --host 0.0.0.0 (make demo HOST=0.0.0.0)")
    click.echo(f"\n  Sign in with the password {DEMO_PASSWORD} as")
    for slug, people in {**SIGN_INS, **(OWING_SIGN_INS if paying else {})}.items():
        click.echo(f"    {', '.join(people)}   → http://{here}/{slug}/")
    if paying:
        click.echo("\n  Billing    by a double of Stripe: demo pays, huaxia tries, nordwerk owes; no money moves.")
    click.echo(f"\n  Console    http://{here}/{console}")
    if "setup" in console:
        click.echo(f"             {OPERATOR} sets password and authenticator app up there, within an hour")
    click.echo("             for who runs all workspaces; from this machine only")
    click.echo(f"\n  Mails      http://{here}/dev/mail   (kept in {mail}; none is sent)")
    click.echo("  Stop       Ctrl-C; starting again keeps the data.\n")
