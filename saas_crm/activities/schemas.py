"""What may be said about activities, and what the API answers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from saas_crm.core.fields import FieldError, Line, Moment, OrNone, Text
from saas_crm.core.forms import Input
from saas_crm.customers.schemas import RecordRead, SomeId
from tenants.marks import N_

Kind = Literal["note", "call", "meeting", "visit", "task", "email"]
Outcome = Literal["", "reached", "no_answer", "left_message", "interested", "not_interested", "follow_up"]
SomeMoment = Annotated[Moment | None, OrNone]
Minutes = Annotated[Annotated[int, Field(ge=0, le=10_080)] | None, OrNone]


class ActivityWrite(Input):
    """An activity as a form or a client describes it: done (`done_at`), planned (`due_at`), or just written."""

    kind: Kind
    subject: Line = ""
    body: Text = ""
    outcome: Outcome = ""
    company_id: SomeId = None
    contact_id: SomeId = None
    opportunity_id: SomeId = None
    owner_id: SomeId = None
    due_at: SomeMoment = None
    done_at: SomeMoment = None
    duration_minutes: Minutes = None
    location: Line = ""


class QuickLog(Input):
    """The + Log screen: what happened, with whom, how it went, and what comes next."""

    kind: Literal["call", "visit", "meeting", "note", "email"]
    company_id: SomeId = None
    contact_id: SomeId = None
    opportunity_id: SomeId = None
    body: Text = ""
    outcome: Outcome = ""
    next_step: Literal["none", "tomorrow", "in_3_days", "in_1_week", "pick"] = "none"
    next_due_at: SomeMoment = None
    next_subject: Line = ""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.company_id or self.contact_id or self.opportunity_id):
            raise FieldError("customer", N_("Choose a customer."))
        if self.kind == "note" and not self.body:
            raise FieldError("empty", N_("Write the note."))
        if self.next_step == "pick" and self.next_due_at is None:
            raise FieldError("next_due_at", N_("Choose a day for the next step."))
        return self


class ActivityRead(RecordRead):
    """An activity as the API answers it."""

    kind: Kind
    subject: str
    body: str
    outcome: Outcome
    company_id: UUID | None
    contact_id: UUID | None
    opportunity_id: UUID | None
    owner_id: UUID | None
    at: datetime
    due_at: datetime | None
    done_at: datetime | None
    duration_minutes: int | None
    location: str
