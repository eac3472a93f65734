"""`saas-crm tenants certificates`."""

from __future__ import annotations

import dataclasses
import json

import click

from saas_crm.cli.configuration import load_settings
from saas_crm.workspaces.deleting import certificates


@click.command("certificates")
@click.option("--json", "as_json", is_flag=True, help="For programs: one array of objects, with everything.")
def list_certificates(as_json: bool) -> None:
    """List what is left of deleted workspaces: what, when, who asked for it, and how much it was."""
    found = certificates(load_settings().database_url)
    if as_json:
        told = [dataclasses.asdict(one) for one in found]
        click.echo(json.dumps(told, ensure_ascii=False, indent=2, default=str))
        return
    for one in found:
        stays = "".join(f"  {what} stays at {who}" for who, what in one.stays.items())
        click.echo(f"{one.deleted_at:%Y-%m-%d %H:%M} UTC  {one.slug}  {one.name}  asked by {one.asked_by}"
                   f"  {sum(one.rows.values())} rows  {one.backups} backups  {one.id}{stays}")  # fmt: skip
    if not found:
        click.echo("No workspace was deleted yet.", err=True)
