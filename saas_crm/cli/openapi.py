"""`saas-crm openapi`."""

from __future__ import annotations

import json

import click


@click.command()
@click.option("--indent", type=click.IntRange(0, 8), default=2, show_default=True, help="0: all in one line.")
def openapi(indent: int) -> None:
    """Print the OpenAPI 3.1 description of the JSON API; needs neither settings nor a database."""
    from mobile_api import description

    click.echo(json.dumps(description(), ensure_ascii=False, indent=indent or None))
