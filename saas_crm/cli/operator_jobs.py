"""`saas-crm operators jobs`: what waits, runs and failed for good; and what failed, queued again."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import asdict
from typing import Any
from uuid import UUID

import click
import psycopg

from saas_crm.cli.configuration import load_settings
from saas_crm.cli.failures import Failure, WrongCall
from saas_crm.operators.acts import note_command
from tenants.migrate import connect
from tenants.settings import Settings

_SHOWN = {"failed": "failed", "doing": "running", "todo": "waiting"}


@click.group(invoke_without_command=True)
@click.option("--tenant", "slug", metavar="SLUG", help="Only those of this workspace.")
@click.option("--failed", is_flag=True, help="Only those that failed for good.")
@click.option("--json", "as_json", is_flag=True, help="For programs: one array of objects.")
@click.pass_context
def jobs(context: click.Context, *, slug: str | None, failed: bool, as_json: bool) -> None:
    """List the jobs that wait, run or failed for good, the latest first; or `retry` those that failed."""
    if context.invoked_subcommand is not None:
        if slug or failed or as_json:
            raise WrongCall("Give the options after `retry`.")
        return
    from saas_crm.operators.waiting_jobs import SHOWN, STATES, unfinished

    settings = load_settings()
    with connect(settings.owner_url) as connection:
        place = _tenant(connection, slug) if slug else None
        found = unfinished(connection, place, ("failed",) if failed else STATES)
    if as_json:
        click.echo(json.dumps([asdict(each) for each in found], default=str))
        return
    for each in found:
        since = f"{each.since:%Y-%m-%d %H:%M} UTC" if each.since else "-"
        click.echo(f"{each.id:>8}  {_SHOWN[each.state]:<7}  {each.slug or '-':<20}  {each.task:<30}"
                   f"  {each.attempts} attempts  {since}")  # fmt: skip
    if not found:
        click.echo("No job has failed." if failed else "No job waits, runs or has failed.", err=True)
    if len(found) == SHOWN:
        click.echo(f"These are the latest {SHOWN}; there may be more.", err=True)


@jobs.command()
@click.argument("ids", nargs=-1, type=click.IntRange(1, 2**63 - 1), metavar="[ID]...")
@click.option("--all", "every", is_flag=True, help="All that failed of the workspace that --tenant names.")
@click.option("--tenant", "slug", metavar="SLUG", help="Of this workspace.")
def retry(ids: tuple[int, ...], *, every: bool, slug: str | None) -> None:
    """Queue failed jobs again: those with these IDs, or all of one workspace; the worker takes them up at once."""
    if bool(ids) == every or (every and not slug):
        raise WrongCall("Name the jobs, or say --all --tenant SLUG.", "`saas-crm operators jobs --failed` lists them.")
    settings = load_settings()
    with connect(settings.owner_url) as connection:
        only = _tenant(connection, slug) if slug else None
        wanted = _wanted(connection, ids, only)
        count = sum(_again(settings, connection, place, of_it) for place, of_it in wanted.items())
    click.echo(f"{count} queued again")
    if ids and count < len(set(ids)):
        click.echo("Of jobs that may only wait once, one is enough; the others stay as they are.", err=True)


def _wanted(
    connection: psycopg.Connection[Any], ids: tuple[int, ...], only: UUID | None
) -> dict[UUID, list[int] | None]:
    """Return what to queue again by workspace (None: all of it); raises Failure before anything is changed."""
    from saas_crm.operators.waiting_jobs import failed_places

    if not ids:
        assert only is not None
        return {only: None}
    found = {key: place for key, place in failed_places(connection, ids).items() if only is None or place == only}
    if missing := sorted(set(ids) - found.keys()):
        raise Failure(f"No workspace's job {missing[0]} has failed" + (" there." if only else "."),
                      "`saas-crm operators jobs --failed` lists them.")  # fmt: skip
    wanted: dict[UUID, list[int] | None] = defaultdict(list)
    for key, place in sorted(found.items()):
        of_it = wanted[place]
        assert of_it is not None
        of_it.append(key)
    return wanted


def _again(settings: Settings, connection: psycopg.Connection[Any], place: UUID, ids: list[int] | None) -> int:
    from saas_crm.operators.figures import take_figures_of
    from saas_crm.operators.waiting_jobs import queue_again
    from saas_crm.operators.work import RETRY_JOBS

    count = queue_again(connection, place, ids)
    row = connection.execute("SELECT slug FROM public.tenants WHERE id = %s", [place]).fetchone()
    if row is not None and row[0] is not None:
        note_command(settings.database_url, RETRY_JOBS, row[0], ids=ids, count=count)
        take_figures_of(settings, [row[0]])
    return count


def _tenant(connection: psycopg.Connection[Any], slug: str) -> UUID:
    from saas_crm.cli.workspaces import unknown

    row = connection.execute("SELECT id FROM public.tenants WHERE slug = %s", [slug]).fetchone()
    if row is None:
        raise unknown(slug)
    return UUID(str(row[0]))
