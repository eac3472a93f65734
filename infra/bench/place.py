"""The database the benchmark runs on: an embedded server of its own, kept with its data between runs."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from tenants.embedded import EmbeddedServer, ServerAddress
from tenants.migrate import upgrade_shared, upgrade_tenants
from tenants.settings import Settings

LOGIN = "crm_app"
# As an operator of such an installation would set them; docs/operations.md says so.
_TUNED = {"shared_buffers": "1GB", "max_connections": "120", "max_wal_size": "8GB", "work_mem": "8MB"}


@dataclass
class Place:
    """A running server, and what was noted about what it holds."""

    folder: Path
    address: ServerAddress
    server: EmbeddedServer
    notes: dict[str, Any] = field(default_factory=dict)

    def note(self, **facts: Any) -> None:
        """Remember something for the next run."""
        self.notes.update(facts)
        (self.folder / "notes.json").write_text(json.dumps(self.notes, indent=1), encoding="utf-8")

    def settings(self, database: str, **changes: Any) -> Settings:
        """Return the settings of an installation on one of the databases."""
        values: dict[str, Any] = {
            # Not "production", where the number of SQL statements is not told.
            "environment": "demo",
            "database_url": self.address.url(LOGIN, self.notes["password"], database),
            "database_owner_url": self.address.owner_url(database),
            "secret_key": self.notes["secret_key"],
            "mail_url": f"file://{self.folder}/mail",
            "spare_tenants": 0,
            "web_workers": 2,
            "web_threads": 4,
            "trusted_proxies": 1,
            "api_requests_per_minute": 1_000_000_000,
        }
        return Settings(**{**values, **changes})

    def make_database(self, name: str) -> Settings:
        """Make a database with the shared tables, or bring the one there is up to this release."""
        with psycopg.connect(self.address.owner_url(), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        settings = self.settings(name)
        upgrade_shared(settings.owner_url, settings.database_url)
        failed = [outcome for outcome in upgrade_tenants(settings.owner_url) if outcome.error]
        if failed:
            raise SystemExit(f"{failed[0].schema} cannot be upgraded ({failed[0].error}); remove {self.folder}.")
        return settings


@contextmanager
def running(folder: Path) -> Iterator[Place]:
    """Start the server of a data folder, making it first; stops it at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    with EmbeddedServer(folder / "database", extra_settings=_TUNED) as server:
        notes_file = folder / "notes.json"
        if notes_file.exists():
            notes = json.loads(notes_file.read_text(encoding="utf-8"))
        else:
            notes = {"password": secrets.token_urlsafe(24), "secret_key": secrets.token_urlsafe(48)}
        place = Place(folder, server.address, server, notes)
        place.note()
        yield place
