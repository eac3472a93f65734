"""What may be said about opportunities and pipelines, and what the API answers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo

from saas_crm.core.fields import Line, Name, Text, reading, typed_amount
from saas_crm.core.forms import Input
from saas_crm.core.money import Money
from saas_crm.customers.schemas import GIVEN_NUMBER, RecordRead, SomeDate, SomeId

Reason = Literal[
    "",
    "price",
    "product",
    "service",
    "relationship",
    "competitor",
    "no_budget",
    "no_decision",
    "timing",
    "other",
]


def _typed_ids(value: Any, info: ValidationInfo) -> Any:
    """Read ids as a form sends them: one or several fields, each with one or several ids, or empty."""
    if not reading(info).form:
        return value
    parts = value if isinstance(value, list) else [value]
    if not all(isinstance(part, str) for part in parts):
        return value
    return [word.strip() for part in parts for word in part.split(",") if word.strip()]


class OpportunityWrite(Input):
    """An opportunity as a form or a client describes it; without a stage it starts in the first."""

    name: Name
    amount: Annotated[Money | None, BeforeValidator(typed_amount)] = None
    expected_close: SomeDate = None
    company_id: SomeId = None
    contact_id: SomeId = None
    contact_ids: Annotated[list[UUID], BeforeValidator(_typed_ids), Field(max_length=50)] = Field(default_factory=list)
    stage_id: SomeId = None
    owner_id: SomeId = None
    description: Text = ""


class StageMove(Input):
    """Where a deal goes."""

    stage_id: UUID


class Closure(Input):
    """How a deal ended."""

    outcome: Literal["won", "lost"]
    reason: Reason = ""
    note: Text = ""


class StageWrite(Input):
    """A stage as an admin describes it; `names` are per language."""

    name: Name
    names: dict[Literal["en", "zh_Hans", "zh_Hant"], Line] = Field(default_factory=dict)
    probability: Annotated[int, Field(ge=0, le=100)]


class PipelineWrite(Input):
    """A pipeline as an admin describes it."""

    name: Name
    names: dict[Literal["en", "zh_Hans", "zh_Hant"], Line] = Field(default_factory=dict)


class OpportunityRead(RecordRead):
    """An opportunity as the API answers it."""

    name: str
    number: str | None = Field(description=GIVEN_NUMBER)
    pipeline_id: UUID
    stage_id: UUID
    status: Literal["open", "won", "lost"]
    amount: Money | None = Field(description="Null where the member's role does not show it.")
    expected_close: date | None
    company_id: UUID | None
    contact_id: UUID | None
    contact_ids: list[UUID]
    owner_id: UUID | None
    description: str
    closed_at: datetime | None
    close_reason: str
    close_note: str
    stage_since: datetime
    last_activity_at: datetime


class StageRead(BaseModel):
    """A stage as the API answers it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    kind: Literal["open", "won", "lost"]
    position: int
    probability: int
    archived: bool


class PipelineRead(BaseModel):
    """A pipeline with its stages in order."""

    id: UUID
    name: str
    stages: list[StageRead]
