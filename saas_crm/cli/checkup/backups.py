"""The nights' backups: is there a fresh one of every workspace where they are kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

import psycopg

from saas_crm.cli.checkup import Finding, bad, good
from saas_crm.core.clock import now
from tenants.migrate import connect
from tenants.settings import Settings

FRESH = timedelta(hours=50)
"""Two nights, and two hours for the jobs to come to their end: one night that failed is tried again by itself."""
NAMED = 5
_WORKSPACES = """
    SELECT id, slug FROM public.tenants
    WHERE status IN ('active', 'read_only', 'suspended') AND slug IS NOT NULL
        AND coalesce(claimed_at, created_at) < now() - %s::interval
    ORDER BY slug
"""
_RETRY = "`saas-crm operators jobs --failed` tells what failed; `saas-crm tenants backup SLUG` makes one now."


def examine_backups(settings: Settings) -> Iterator[Finding]:
    """Yield whether each workspace that is older has a backup of the last nights; nothing is written."""
    if settings.backup_url is None:
        yield good("backups", "the worker makes none: BACKUP_URL is not set")
        return
    from saas_crm.workspaces.backups import BackupFailed, newest_backups, store_at

    try:
        newest = newest_backups(store_at(settings.backup_url))
    except BackupFailed as failed:
        yield bad("backups", f"the place for backups does not work: {failed}", "Is BACKUP_URL right?")
        return
    try:
        with connect(settings.owner_url) as connection:
            wanted = connection.execute(_WORKSPACES, [FRESH]).fetchall()
    except psycopg.Error:
        return  # what is wrong with the database is told elsewhere
    yield _told(wanted, newest)


def _told(wanted: list[tuple[UUID, str]], newest: dict[UUID, datetime]) -> Finding:
    due = now() - FRESH
    old = [slug for key, slug in wanted if key not in newest or newest[key] < due]
    if not old:
        return good("backups", f"{len(wanted)} workspaces have one of the last two nights")
    named = ", ".join(old[:NAMED]) + (f" and {len(old) - NAMED} more" if len(old) > NAMED else "")
    return bad("backups", f"{len(old)} of {len(wanted)} workspaces have none of the last two nights: {named}", _RETRY)
