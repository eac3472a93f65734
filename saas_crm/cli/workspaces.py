"""`saas-crm tenants export`, `restore` and `delete`."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import click

from saas_crm.cli.configuration import load_settings
from saas_crm.cli.failures import Failure, WrongCall
from saas_crm.operators.acts import Place, note_command
from saas_crm.workspaces.backups import BackupFailed, forget_backups, store_at
from saas_crm.workspaces.deleting import Certificate, delete_workspace
from saas_crm.workspaces.restoring import Restored, RestoreUnderWay, restore_as, restore_in_place
from saas_crm.workspaces.saving import export_to
from saas_crm.workspaces.standing import NotSuspendable
from tenants.archive.reading import BadArchive
from tenants.archive.writing import UnknownTenant
from tenants.provisioning import SlugTaken
from tenants.settings import Settings
from tenants.slugs import check_slug

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("slug")
@click.argument("file", type=FILE)
@click.option("--overwrite", is_flag=True, help="Replace the file if there is one.")
def export(slug: str, file: Path, overwrite: bool) -> None:
    """Write everything in the workspace SLUG to FILE, a ZIP archive, while its people go on working."""
    if file.exists() and not overwrite:
        raise WrongCall(f"{file} exists already.", "Choose another name, or add --overwrite.")
    try:
        settings = load_settings()
        manifest = export_to(settings.database_url, slug, file)
        note_command(settings.database_url, "export", slug)
    except UnknownTenant:
        raise unknown(slug) from None
    except OSError as error:
        raise Failure(f"{file} cannot be written: {error.strerror}.") from None
    rows = sum(entry.lines or 0 for path, entry in manifest.files.items() if path.startswith("tables/"))
    click.echo(f"{slug}: {rows} rows of {len(manifest.files)} files, {file.stat().st_size / 1e6:.1f} MB, in {file}")


@click.command()
@click.argument("file", type=FILE)
@click.option("--as", "slug", metavar="SLUG", help="Make a new workspace with this address.")
@click.option("--name", default="", help="What its people call the new workspace; else as in the archive.")
@click.option("--in-place-of", metavar="SLUG", help="Put it in the place of this workspace, which is kept, closed.")
@click.option("--yes", is_flag=True, help="Do not ask whether the present data may be put aside.")
def restore(file: Path, slug: str | None, name: str, in_place_of: str | None, yes: bool) -> None:
    """Make a workspace of FILE, an archive that `tenants export` wrote, here or in another installation."""
    if bool(slug) == bool(in_place_of):
        raise WrongCall("Say where it goes: either --as SLUG or --in-place-of SLUG.")
    settings = load_settings()
    with _told_in_a_line(file, slug, in_place_of):
        if in_place_of:
            _confirm(yes, f"The data of {in_place_of} will be put aside and that of {file.name} take its place.")
            urls = (settings.owner_url, settings.database_url)
            _tell(restore_in_place(*urls, file, in_place_of, through="command"), settings)
        elif problem := check_slug(slug or ""):
            raise WrongCall(f"{slug!r} will not do as an address. {problem.message}")
        else:
            _tell(_restore_as(settings, file, slug or "", name), settings)


def _restore_as(settings: Settings, file: Path, slug: str, name: str) -> Restored:
    from saas_crm.app import create_app

    with create_app(settings).app_context():  # for the rooms that hear of it: where plans are sold it gets one
        return restore_as(settings.owner_url, settings.database_url, file, slug, name=name, through="command")


@contextmanager
def _told_in_a_line(file: Path, slug: str | None, in_place_of: str | None) -> Iterator[None]:
    try:
        yield
    except BadArchive as bad:
        raise Failure(f"{file.name} was not restored: {bad}.", "Nothing was changed.") from None
    except SlugTaken:
        raise Failure(f"The address {slug!r} is taken.", "Choose another one.") from None
    except UnknownTenant:
        raise unknown(in_place_of or "") from None
    except NotSuspendable:
        raise Failure(
            f"{in_place_of} is former data itself.", "Name the workspace that it was put aside for."
        ) from None
    except RestoreUnderWay:
        raise Failure(f"{in_place_of} is being restored just now.", "Wait until that is done.") from None
    except OSError as error:
        raise Failure(f"{file} cannot be read: {error.strerror}.") from None


def _tell(restored: Restored, settings: Settings) -> None:
    base_url = settings.base_url
    note_command(settings.database_url, "restore", restored.slug)
    click.echo(f"restored: {base_url}/{restored.slug}/")
    if restored.new_people:
        click.echo(f"{len(restored.new_people)} people got a sign-in; each sets a password at {base_url}/forgot")
    if restored.former_slug:
        click.echo(
            f"The former data is kept, closed, as {restored.former_slug}: `tenants delete` when it is not needed."
            " It goes with the workspace."
        )


@click.command()
@click.argument("slug")
@click.option("--now", is_flag=True, help="At once, without the days of grace.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete(slug: str, now: bool, yes: bool) -> None:
    """Delete the workspace SLUG with everything in it, tell its owners, and print a certificate of what is gone."""
    if not now:
        raise WrongCall("Say --now: it is deleted at once and for good.")
    _confirm(yes, f"The workspace {slug}, everything in it and the sign-ins of its people will be gone for good.")
    settings = load_settings()
    try:
        certificate = _delete(settings, slug)
    except UnknownTenant:
        raise unknown(slug) from None
    except BackupFailed as failed:
        raise Failure(f"{slug} was not deleted: its backups could not be removed ({failed}).") from None
    gone = Place(certificate.tenant_id, slug)
    note_command(settings.database_url, "delete", gone, certificate=str(certificate.id))
    click.echo(json.dumps(dataclasses.asdict(certificate), ensure_ascii=False, indent=2, default=str))


def _delete(settings: Settings, slug: str) -> Certificate:
    from saas_crm.app import create_app
    from saas_crm.workspaces.ending import say_farewell

    store = store_at(settings.backup_url) if settings.backup_url else None
    forget = partial(forget_backups, store) if store is not None else None
    with create_app(settings).app_context():  # for the mails: their job and their languages
        return delete_workspace(settings.owner_url, slug, forget, farewell=say_farewell)


def _confirm(yes: bool, what: str) -> None:
    if not yes:
        click.confirm(f"{what} Go on?", abort=True, err=True)


def unknown(slug: str) -> Failure:
    """Return the failure for an address that no workspace has."""
    return Failure(f"There is no workspace {slug!r}.", "`saas-crm tenants list` lists them.")
