"""What an archive says of itself: of which workspace it is, at which version, and every file with its checksum."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

FORMAT = 1
MANIFEST = "manifest.json"
TABLES = "tables/"


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
    slug: str = Field(max_length=100)
    name: str = Field(max_length=500)
    locale: str = Field(max_length=20)
    country: str = Field(pattern=r"^[A-Z]{2}$")
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    timezone: str = Field(max_length=100)
    search_rules: int


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
