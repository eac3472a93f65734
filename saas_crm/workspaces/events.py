"""What happens to a workspace as a whole that upper rooms may want to know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class BackedUp:
    """A workspace was backed up; `kept` are all its backups that are kept, the newest first: stamp, size in bytes."""

    tenant_id: UUID
    kept: Sequence[tuple[str, int]]
