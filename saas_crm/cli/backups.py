"""`saas-crm tenants backup`, `backups` and `fetch`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import click

from saas_crm.cli.configuration import load_settings
from saas_crm.cli.failures import Failure, WrongCall
from saas_crm.operators.kept_backups import note_backups
from saas_crm.workspaces.backups import BackupFailed, Store, back_up, backups_of, fetch_backup, prune, store_at
from saas_crm.workspaces.events import BackedUp
from tenants.migrate import connect
from tenants.settings import Settings


@click.command()
@click.argument("slug")
def backup(slug: str) -> None:
    """Back the workspace SLUG up now, as it is done every night, and let go of what is not kept any more."""
    settings = load_settings()
    with _told():
        store = _store(settings)
        tenant_id = _tenant(settings, slug)
        made = back_up(store, settings.database_url, slug, tenant_id)
        gone = prune(store, tenant_id, days=settings.backup_days, weeks=settings.backup_weeks)
        note_backups(
            settings.owner_url, BackedUp(tenant_id, [(one.stamp, one.size) for one in backups_of(store, tenant_id)])
        )
    click.echo(f"{made.name}  {made.size / 1e6:.1f} MB" + (f", {gone} older removed" if gone else ""))


@click.command()
@click.argument("slug")
def backups(slug: str) -> None:
    """List the backups of the workspace SLUG, the newest first."""
    settings = load_settings()
    with _told():
        found = backups_of(_store(settings), _tenant(settings, slug))
    for one in found:
        click.echo(f"{one.made_at:%Y-%m-%d %H:%M:%S} UTC  {one.size / 1e6:8.1f} MB  {one.name}")
    if not found:
        click.echo(f"There is no backup of {slug} yet.", err=True)


@click.command()
@click.argument("slug")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--before", type=click.DateTime(), help="The newest one before this moment (UTC); else the newest.")
def fetch(slug: str, file: Path, before: datetime | None) -> None:
    """Write a backup of the workspace SLUG to FILE, for `tenants restore`."""
    settings = load_settings()
    if file.exists():
        raise WrongCall(f"{file} exists already.", "Choose another name.")
    with _told():
        store = _store(settings)
        limit = before.replace(tzinfo=UTC) if before else datetime.max.replace(tzinfo=UTC)
        found = [one for one in backups_of(store, _tenant(settings, slug)) if one.made_at < limit]
        if not found:
            raise Failure(f"There is no such backup of {slug}.", "`saas-crm tenants backups` lists them.")
        fetch_backup(store, found[0], file)
    click.echo(f"{found[0].name} is in {file}")


def _store(settings: Settings) -> Store:
    if settings.backup_url is None:
        raise WrongCall("No place for backups is set.", "Set BACKUP_URL; docs/operations.md tells how.")
    return store_at(settings.backup_url)


def _tenant(settings: Settings, slug: str) -> UUID:
    """Return a workspace's id; of one that is deleted or unknown here the id itself will do."""
    with connect(settings.database_url) as connection:
        row = connection.execute("SELECT id FROM public.tenants WHERE slug = %s", [slug]).fetchone()
    if row is not None:
        return UUID(str(row[0]))
    try:
        return UUID(slug)
    except ValueError:
        raise Failure(f"There is no workspace {slug!r}.", "`saas-crm tenants list` lists them.") from None


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except BackupFailed as failed:
        raise Failure(f"The place for backups does not work: {failed}.", "Is BACKUP_URL right?") from None
