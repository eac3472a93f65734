"""What an archive says of itself: of which workspace it is, at which version, and every file with its checksum."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Annotated, Literal
from uuid import UUID
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

FORMAT = 1
MANIFEST = "manifest.json"
TABLES = "tables/"
Plain = Annotated[str, Field(pattern=r"^[^\x00]*$")]
"""A text that PostgreSQL can hold."""
_zones = cache(available_timezones)


def _known_here(zone: str) -> str:
    return zone if zone in _zones() else "UTC"


Zone = Annotated[str, Field(max_length=100), AfterValidator(_known_here)]
"""A time zone; one that nobody knows here would break every page on which a moment is told, and is UTC."""


class Entry(BaseModel):
    """One file of the archive: its lines (None where it has none), its bytes and their SHA-256."""

    model_config = ConfigDict(extra="forbid")

    lines: int | None = Field(default=None, ge=0)
    size: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class TenantEntry(BaseModel):
    """The workspace as the registry knows it."""

    model_config = ConfigDict(extra="forbid")

    id: UUID
    slug: Plain = Field(max_length=100)
    name: Plain = Field(max_length=500)
    locale: Plain = Field(max_length=20)
    country: str = Field(pattern=r"^[A-Z]{2}$")
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    timezone: Zone
    search_rules: int = Field(ge=0, lt=1 << 31)


class Manifest(BaseModel):
    """The first file of an archive."""

    model_config = ConfigDict(extra="forbid")

    format: Literal[1] = 1
    made_at: datetime
    revision: str = Field(pattern=r"^\d{4}$")
    tenant: TenantEntry
    files: dict[str, Entry]


def table_path(table: str) -> str:
    """Return where in the archive a table's rows are."""
    return f"{TABLES}{table}.jsonl"
