"""`saas-crm worker`."""

from __future__ import annotations

import click

from saas_crm.cli.configuration import load_settings
from saas_crm.cli.priority import give_way


@click.command()
def worker() -> None:
    """Run what was deferred: mails, spare workspaces, clean-up. Stops on SIGTERM after the job at hand."""
    settings = load_settings()
    from saas_crm.app import create_app
    from saas_crm.worker import work

    app = create_app(settings)
    give_way(settings.worker_niceness)  # not before: on a busy machine it would not even begin within a minute
    work(app, settings)
