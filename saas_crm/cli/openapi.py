"""`saas-crm openapi`."""

from __future__ import annotations

import click


@click.command()
def openapi() -> None:
    """Print the OpenAPI 3.1 description of the JSON API; needs neither settings nor a database."""
    from mobile_api import description

    click.echo(description().decode())
