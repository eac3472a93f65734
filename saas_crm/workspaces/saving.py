"""A workspace's archive: everything it has, as an operator, a backup or its owner takes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg

from saas_crm.workspaces.people import add_people
from saas_crm.workspaces.sheets import add_sheets
from tenants.archive.manifest import Manifest
from tenants.archive.writing import ArchiveWriter, write_archive


def save(owner_url: str, slug: str, target: Path) -> Manifest:
    """Write the archive of a workspace to a file, in one moment of it; people go on working meanwhile.

    Raises UnknownTenant, and OSError where the file cannot be written.
    """
    return write_archive(owner_url, slug, target, _more)


def _more(connection: psycopg.Connection[Any], schema: str, writer: ArchiveWriter) -> None:
    add_people(connection, schema, writer)
    add_sheets(connection, schema, writer)
