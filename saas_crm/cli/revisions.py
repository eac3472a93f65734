"""`saas-crm db check` and `db revision`: for developers, on a scratch server unless DATABASE_URL is set."""

from __future__ import annotations

import os
import secrets
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from saas_crm.cli.configuration import load_settings
from saas_crm.cli.failures import FAILED
from saas_crm.cli.revision_rules import faults
from tenants.embedded import EmbeddedServer
from tenants.migrate import upgrade_shared
from tenants.migrations.lines import steps
from tenants.revise import differences, write_revision

LINES = ("shared", "tenant")


@click.command()
def check() -> None:
    """Fail if the migrations do not make exactly the tables of the models, or do what they must not."""
    from saas_crm.tables import metadata

    found = [f"{line} {fault}" for line in LINES for step in steps(line) for fault in faults(line, step)]
    with owner_url() as url:
        for line in LINES:
            found += [f"{line} line and models differ: {entry}" for entry in differences(url, line, metadata(line))]
    for fault in found:
        click.echo(fault, err=True)
    if found:
        click.echo('`saas-crm db revision LINE "what changes"` writes the missing revision.', err=True)
        sys.exit(FAILED)
    click.echo("The migrations make exactly the tables of the models.")


@click.command()
@click.argument("line", type=click.Choice(LINES))
@click.argument("message")
def revision(line: str, message: str) -> None:
    """Write the revision that closes the differences between LINE and the models, to be read and tidied."""
    from saas_crm.tables import metadata

    with owner_url() as url:
        click.echo(write_revision(url, line, metadata(line), message))


@contextmanager
def owner_url() -> Iterator[str]:
    """Yield the owner's address of the database of the settings, or of a scratch server made for the moment."""
    if os.environ.get("DATABASE_URL"):
        settings = load_settings()
        yield settings.owner_url
        return
    with tempfile.TemporaryDirectory(prefix="saas-crm-") as folder:
        Path(folder).chmod(0o711)
        with EmbeddedServer(Path(folder, "server"), durable=False) as server:
            address = server.address
            upgrade_shared(address.owner_url(), address.url("crm_app", secrets.token_urlsafe(16), "postgres"))
            yield address.owner_url()
