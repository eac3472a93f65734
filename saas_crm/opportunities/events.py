"""What opportunities tell the rooms above."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class StageChanged:
    """A deal moved; `status` is what it became: open, won or lost."""

    opportunity_id: UUID
    from_stage_id: UUID | None
    to_stage_id: UUID
    status: str
