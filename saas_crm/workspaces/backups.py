"""Backups: each workspace's archive, every night, in a folder or in an object store (S3 and what speaks like it).

They are named by the workspace's id, which no change of its address touches: `<id>/20261122T022300Z.zip`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias
from uuid import UUID

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url

from saas_crm.core.clock import now
from saas_crm.workspaces.rules import superfluous
from saas_crm.workspaces.saving import save, scratch

_FORM = "%Y%m%dT%H%M%SZ"
Store: TypeAlias = ObjectStore


class BackupFailed(OSError):
    """The place for backups does not take, give or list files."""


@dataclass(frozen=True, slots=True)
class Backup:
    """One night's archive of a workspace: when it was made, and its size in bytes."""

    tenant_id: UUID
    made_at: datetime
    size: int = 0

    @property
    def stamp(self) -> str:
        """Return its moment as its file has it; by it one backup of a workspace is named."""
        return self.made_at.strftime(_FORM)

    @property
    def name(self) -> str:
        """Return where it is in the store."""
        return f"{self.tenant_id}/{self.stamp}.zip"


def store_at(url: str) -> Store:
    """Open the place for backups: `file:///folder`, made where it is missing, or `s3://bucket/folder`.

    Of an object store, keys, region and endpoint come from the environment (AWS_ACCESS_KEY_ID, …). Raises BackupFailed.
    """
    with _explained():
        if url.startswith("file://"):
            return LocalStore(url.removeprefix("file://"), mkdir=True)
        return from_url(url)


def back_up(store: Store, database_url: str, slug: str, tenant_id: UUID) -> Backup:
    """Write a workspace's archive into the store; raises UnknownTenant and BackupFailed."""
    with scratch() as folder:
        path = folder / "archive.zip"
        made_at = save(database_url, slug, path).made_at.astimezone(UTC).replace(microsecond=0)
        backup = Backup(tenant_id, made_at, path.stat().st_size)
        with _explained():
            obstore.put(store, backup.name, path)
    return backup


def backups_of(store: Store, tenant_id: UUID) -> list[Backup]:
    """Return a workspace's backups, the newest first; what is named otherwise is none of ours."""
    return sorted(_found(store, f"{tenant_id}/"), key=lambda backup: backup.made_at, reverse=True)


def newest_backups(store: Store) -> dict[UUID, datetime]:
    """Return of each workspace that has any when its newest backup was made; raises BackupFailed."""
    newest: dict[UUID, datetime] = {}
    for one in _found(store, None):
        newest[one.tenant_id] = max(one.made_at, newest.get(one.tenant_id, one.made_at))
    return newest


def _found(store: Store, prefix: str | None) -> Iterator[Backup]:
    with _explained():
        for batch in obstore.list(store, prefix=prefix):
            for entry in batch:
                path = Path(entry["path"])
                try:
                    made_at = datetime.strptime(path.name.removesuffix(".zip"), _FORM).replace(tzinfo=UTC)
                    yield Backup(UUID(path.parent.name), made_at, entry["size"])
                except ValueError:
                    continue


def prune(store: Store, tenant_id: UUID, *, days: int, weeks: int) -> int:
    """Remove the backups that are not kept any more; returns how many."""
    moments = [backup.made_at for backup in backups_of(store, tenant_id)]
    gone = [Backup(tenant_id, moment).name for moment in superfluous(moments, now(), days=days, weeks=weeks)]
    return _remove(store, gone)


def forget_backups(store: Store, tenant_id: UUID) -> int:
    """Remove all backups of a workspace that is deleted; returns how many."""
    return _remove(store, [backup.name for backup in backups_of(store, tenant_id)])


def fetch_backup(store: Store, backup: Backup, target: Path) -> None:
    """Write a backup to a file, whole or not at all; raises BackupFailed."""
    partial = target.with_name(f".{target.name}.partial")
    try:
        partial.touch(mode=0o600)
        with _explained(), partial.open("wb") as file:
            for piece in obstore.get(store, backup.name).stream():
                file.write(piece)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _remove(store: Store, names: list[str]) -> int:
    with _explained():
        if names:
            obstore.delete(store, names)
    return len(names)


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except BackupFailed:
        raise
    except (BaseError, ValueError, OSError) as error:
        raise BackupFailed(str(error).splitlines()[0][:300]) from error
