"""What may be said about companies and contacts, and what the API answers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo

from saas_crm.core.clock import today_in
from saas_crm.core.fields import Country, Email, FieldError, Line, Name, OrNone, Phone, Tags, Text, Website, reading
from saas_crm.core.forms import Input
from tenants.marks import N_

Lifecycle = Literal["potential", "new", "active", "dormant", "lost"]
SomeId = Annotated[UUID | None, OrNone]


def _born(value: date | None, info: ValidationInfo) -> date | None:
    if value is not None and value > today_in(reading(info).timezone):
        raise FieldError("future", N_("A birthday cannot lie in the future."))
    return value


SomeDate = Annotated[date | None, OrNone]
Birthday = Annotated[date | None, AfterValidator(_born), OrNone]


class Address(Input):
    """Where somebody is."""

    street: Line = ""
    city: Line = ""
    region: Line = ""
    postcode: Line = ""
    country: Country = ""


class CompanyWrite(Address):
    """A company as a form or a client describes it."""

    name: Name
    phone: Phone = ""
    email: Email = ""
    website: Website = ""
    industry: Line = ""
    lifecycle: Lifecycle = "potential"
    tags: Tags = Field(default_factory=list)
    description: Text = ""
    owner_id: SomeId = None


class ContactWrite(Address):
    """A contact as a form or a client describes it."""

    name: Name
    company_id: SomeId = None
    job_title: Line = ""
    email: Email = ""
    phone: Phone = ""
    mobile: Phone = ""
    birthday: Birthday = None
    lifecycle: Lifecycle = "potential"
    tags: Tags = Field(default_factory=list)
    description: Text = ""
    owner_id: SomeId = None


GIVEN_NUMBER = "Given once when it is made, where the workspace numbers its records; null without one."


class RecordRead(BaseModel):
    """What every record answers with."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    version: int
    created_at: datetime
    updated_at: datetime


class AddressRead(BaseModel):
    """Where somebody is."""

    street: str
    city: str
    region: str
    postcode: str
    country: str


class CompanyRead(AddressRead, RecordRead):
    """A company as the API answers it; phone numbers are E.164."""

    name: str
    number: str | None = Field(description=GIVEN_NUMBER)
    phone: str
    email: str
    website: str
    industry: str
    lifecycle: Lifecycle
    tags: list[str]
    description: str
    owner_id: UUID | None
    last_activity_at: datetime | None


class ContactRead(AddressRead, RecordRead):
    """A contact as the API answers it; phone numbers are E.164."""

    name: str
    company_id: UUID | None
    job_title: str
    email: str
    phone: str
    mobile: str
    birthday: date | None
    lifecycle: Lifecycle
    tags: list[str]
    description: str
    owner_id: UUID | None
    last_activity_at: datetime | None
