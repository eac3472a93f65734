"""A workspace's archive: everything it has, as an operator, a backup or its owner takes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from saas_crm.workspaces.people import add_people
from saas_crm.workspaces.sheets import add_sheets
from tenants.archive.manifest import Manifest
from tenants.archive.writing import ArchiveWriter, write_archive


def save(database_url: str, slug: str, target: Path) -> Manifest:
    """Write the archive of a workspace to a file, in one moment of it; people go on working meanwhile.

    The login of the running application is enough. Raises UnknownTenant, and OSError where the file cannot be written.
    """
    people: list[UUID] = []

    def within(connection: psycopg.Connection[Any], writer: ArchiveWriter) -> None:
        people.extend(user_id for (user_id,) in connection.execute("SELECT user_id FROM members ORDER BY user_id"))
        add_sheets(connection, writer)

    def outside(connection: psycopg.Connection[Any], writer: ArchiveWriter) -> None:
        add_people(connection, people, writer)

    return write_archive(database_url, slug, target, within=within, outside=outside)
