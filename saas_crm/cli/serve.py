"""`saas-crm serve`."""

from __future__ import annotations

import click

from saas_crm.cli.configuration import load_settings
from saas_crm.cli.ports import check_port_free


@click.command()
def serve() -> None:
    """Answer requests with gunicorn, on HOST and PORT with WEB_WORKERS processes of WEB_THREADS threads."""
    settings = load_settings()
    check_port_free(settings.host, settings.port, remedy="Set PORT to another one, or stop what listens there.")
    from saas_crm.cli.server import run

    run(settings)
