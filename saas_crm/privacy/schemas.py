"""What may be said about consent, duties to keep, erasure and the register."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from saas_crm.core.fields import Line, Moment, Name, OrNone, Text
from saas_crm.core.forms import Input
from saas_crm.privacy.rules import Channel, Purpose, Source, State

Reason = Literal["request", "retention", "mistake", "other"]
SomeMoment = Annotated[Moment | None, OrNone]
SomeDay = Annotated[date | None, OrNone]


class ConsentWrite(Input):
    """What a person said about being contacted."""

    channel: Channel
    purpose: Purpose
    state: State = Field(description="`objected` is a no to what takes no consent; it counts like `withdrawn`.")
    source: Source = Field(default="talk", description="How one knows: what one could show if asked for proof.")
    at: SomeMoment = Field(default=None, description="When they said so; now, if it is left out.")
    note: Line = ""


class HoldWrite(Input):
    """A duty to keep one person's data."""

    reason: Name
    until: SomeDay = None


class ErasureWrite(Input):
    """That a person shall be erased for good."""

    name: Line = Field(description="Their name once more, as it is stored: nobody is erased by a slip of the finger.")
    reason: Reason = "request"


class ProcessingWrite(Input):
    """An entry of the register: what is done with personal data."""

    name: Name
    purpose: Text = Field(default="", description="What for.")
    people: Text = Field(default="", description="Whose data.")
    data: Text = Field(default="", description="Which data.")
    recipients: Text = Field(default="", description="Who gets them.")
    retention: Text = Field(default="", description="How long they are kept.")
    legal_basis: Text = Field(default="", description="On what ground.")


class PrivacySettingsWrite(Input):
    """What the workspace decides about privacy."""

    keep_years: int = Field(ge=0, le=30, description="Years for which a customer with a won deal is kept.")
    responsible: Line = Field(default="", description="Whom people can turn to.")
