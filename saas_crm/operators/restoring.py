"""The worker's part of bringing a workspace back from a night's backup: by the same functions as the commands.

The end of a restore is written in its own transaction. So a worker that is killed has either done nothing, and the next
one does it, or all of it, and nobody does it again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from saas_crm.operators.faults import Fault, is_disk_full
from saas_crm.workspaces.backups import BackupFailed, Store, backups_of, fetch_backup, store_at
from saas_crm.workspaces.restoring import Restored, RestoreUnderWay, restore_as, restore_in_place
from saas_crm.workspaces.saving import scratch
from saas_crm.workspaces.standing import NotSuspendable
from tenants.archive.reading import BadArchive, NewerArchive
from tenants.archive.writing import UnknownTenant
from tenants.db import new_id
from tenants.provisioning import SlugTaken
from tenants.settings import Settings

_FOUND = "UPDATE public.operator_work SET asked = asked || %s WHERE id = %s"
_DONE = """
    UPDATE public.operator_work SET state = 'done', done = 1, total = 1, failures = '[]', error = NULL,
        asked = asked || %s, ended_at = now()
    WHERE id = %s AND state <> 'done'
"""
_ACT = """
    INSERT INTO public.operator_acts (id, operator_id, actor, act, tenant_id, slug, origin, details)
    SELECT %(id)s, w.asked_by, coalesce((SELECT o.name FROM public.operators o WHERE o.id = w.asked_by), ''), 'restore',
        t.id, t.slug, '{}', %(details)s
    FROM public.operator_work w, public.tenants t WHERE w.id = %(work)s AND t.slug = %(slug)s
"""
_ASKED_BY = """
    SELECT coalesce((SELECT o.name FROM public.operators o WHERE o.id = w.asked_by), '') FROM public.operator_work w
    WHERE w.id = %s
"""
_SLUG = "SELECT slug FROM public.tenants WHERE id = %s"


def look_up(
    settings: Settings, connection: psycopg.Connection[Any], work_id: UUID, tenant_id: UUID, _asked: dict[str, Any]
) -> int:
    """Write down which backups there are, the newest first; returns how many. Raises Fault."""
    with told():
        found = [{"stamp": one.stamp, "size": one.size} for one in backups_of(_store(settings), tenant_id)]
    connection.execute(_FOUND, [Jsonb({"found": found}), work_id])
    return len(found)


def restore_new(
    settings: Settings, connection: psycopg.Connection[Any], work_id: UUID, tenant_id: UUID, asked: dict[str, Any]
) -> int:
    """Make a new workspace of a backup; raises Fault, and then nothing was changed."""
    with told(), _fetched(settings, tenant_id, asked["backup"]) as path:
        restore_as(
            settings.owner_url, settings.database_url, path, asked["slug"], name=asked.get("name", ""),
            through="command", operator=asker(connection, work_id), finish=partial(_finish, work_id, asked["backup"]),
        )  # fmt: skip
    return 1


def restore_over(
    settings: Settings, connection: psycopg.Connection[Any], work_id: UUID, tenant_id: UUID, asked: dict[str, Any]
) -> int:
    """Put a backup in the place of its workspace, whose present data is kept, closed; raises Fault."""
    with told(), _fetched(settings, tenant_id, asked["backup"]) as path:
        restore_in_place(
            settings.owner_url, settings.database_url, path, slug_now(connection, tenant_id), through="command",
            operator=asker(connection, work_id), finish=partial(_finish, work_id, asked["backup"]),
        )  # fmt: skip
    return 1


def slug_now(connection: psycopg.Connection[Any], tenant_id: UUID) -> str:
    """Return a workspace's address, which may have changed since something was asked for; raises Fault."""
    row = connection.execute(_SLUG, [tenant_id]).fetchone()
    if row is None or row[0] is None:
        raise Fault("gone")
    return str(row[0])


def _finish(work_id: UUID, stamp: str, connection: psycopg.Connection[Any], restored: Restored) -> None:
    """Write the end into the row and into the operators' log; raises Fault where another worker was quicker."""
    details = {"backup": stamp} | ({"former": restored.former_slug} if restored.former_slug else {})
    write_end(work_id, details, connection, restored)


def write_end(
    work_id: UUID, details: dict[str, str], connection: psycopg.Connection[Any], restored: Restored
) -> None:  # fmt: skip
    """Write into a restore's row that it is done, and a line with `details` into the log; raises Fault as above."""
    came = {"restored": restored.slug, "former": restored.former_slug, "new_people": len(restored.new_people)}
    mark_done(connection, work_id, came)
    connection.execute(_ACT, {"id": new_id(), "work": work_id, "slug": restored.slug, "details": Jsonb(details)})


def mark_done(connection: psycopg.Connection[Any], work_id: UUID, came: dict[str, Any]) -> None:
    """Write into a row that its work is done, and what came of it; raises Fault where another worker was quicker."""
    if connection.execute(_DONE, [Jsonb(came), work_id]).rowcount != 1:
        raise Fault("done")


def asker(connection: psycopg.Connection[Any], work_id: UUID) -> str:
    """Return the name of who asked for some work."""
    return str((connection.execute(_ASKED_BY, [work_id]).fetchone() or ("",))[0])


def _store(settings: Settings) -> Store:
    if settings.backup_url is None:
        raise Fault("no_store")
    return store_at(settings.backup_url)


@contextmanager
def _fetched(settings: Settings, tenant_id: UUID, stamp: str) -> Iterator[Path]:
    """Yield a file with the backup, which is gone afterwards."""
    store = _store(settings)
    found = [one for one in backups_of(store, tenant_id) if one.stamp == stamp]
    if not found:
        raise Fault("gone")
    with scratch() as folder:
        fetch_backup(store, found[0], folder / "archive.zip")
        yield folder / "archive.zip"


@contextmanager
def told() -> Iterator[None]:
    """Raise what a restore raises as a Fault; what is none of this goes on as it is."""
    try:
        yield
    except Exception as failed:
        if is_disk_full(failed):
            raise Fault("disk") from failed
        for kind, code in _CODES.items():
            if isinstance(failed, kind):
                raise Fault(code, str(failed) if code in _TELLING else "") from failed
        raise


_TELLING = frozenset({"bad_archive", "newer", "store"})
"""Of these what the machine says helps; of the others it is but an address."""
_CODES: dict[type[Exception], str] = {
    NewerArchive: "newer", BadArchive: "bad_archive", SlugTaken: "slug_taken", UnknownTenant: "gone",
    NotSuspendable: "former", RestoreUnderWay: "under_way", BackupFailed: "store",
}  # fmt: skip
