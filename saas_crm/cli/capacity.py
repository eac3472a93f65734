"""`saas-crm capacity`."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from saas_crm.cli.configuration import load_settings
from saas_crm.cli.sizes import in_words


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs: one object.")
def capacity(as_json: bool) -> None:
    """Tell how much the installation carries and could: connections, memory, tables, recovery; warn before a limit."""
    from saas_crm.workspaces import capacity as asked
    from saas_crm.workspaces.capacity_rules import concerns

    settings = load_settings()
    found = asked.capacity(settings)
    worries = list(concerns(found, asked.machine_memory(settings)))
    if as_json:
        reckoned = {"connection_memory": found.connection_memory, "recovery_seconds": round(found.recovery_seconds, 1)}
        click.echo(json.dumps({**asdict(found), **reckoned, "concerns": worries}, indent=2))
        return
    click.echo(f"workspaces   {found.tenants:,}, and {found.spares:,} spare; {found.behind:,} behind this release")
    click.echo(f"tables       {found.tables_each} each, {found.files:,} files in all")
    click.echo(f"disk         {in_words(found.database_size)}")
    click.echo(
        f"connections  {found.connections} now, up to {found.connections_wanted} wanted,"
        f" {found.connections_allowed} allowed"
    )
    click.echo(f"memory       up to {in_words(found.connection_memory)} for all connections, beside shared_buffers")
    click.echo(f"recovery     about {found.recovery_seconds:.0f} s after a crash ({found.sync_method})")
    click.echo(f"jobs failed  {found.failed_jobs:,}")
    for worry in worries:
        click.echo(f"! {worry}", err=True)
