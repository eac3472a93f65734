"""`saas-crm db reseal`: after SECRET_KEY was changed."""

from __future__ import annotations

import sys

import click

from saas_crm.cli.configuration import load_settings
from saas_crm.cli.failures import FAILED


@click.command()
def reseal() -> None:
    """Seal stored secrets with the SECRET_KEY of today, so that SECRET_KEY_FORMER can be taken away.

    These are the secrets of authenticator apps, and those that identity providers share with workspaces. Recovery codes
    cannot be sealed anew: people who still have some of before make new ones in their profile.
    """
    settings = load_settings()
    from saas_crm.access.factors.resealing import reseal_all
    from saas_crm.app import create_app

    with create_app(settings).app_context():
        found = reseal_all()
    click.echo(f"{found.done} secret{'s' if found.done != 1 else ''} sealed anew.")
    if found.lost:
        click.echo(f"{found.lost} could not be opened. Put the SECRET_KEY of before into SECRET_KEY_FORMER.", err=True)
        sys.exit(FAILED)
