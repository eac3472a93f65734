"""What may be said about members, their teams and their hours, and about many who are invited."""

from __future__ import annotations

from typing import Annotated, Literal, get_args
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from saas_crm.access.schemas import SomeId
from saas_crm.access.team_names import LONGEST
from saas_crm.core.fields import FieldError, Text, clean_line
from saas_crm.core.forms import Input
from tenants.marks import N_


def _forward(value: list[str]) -> list[str]:
    if value[0] >= value[1]:
        raise FieldError("invalid", N_("The end must come after the beginning."))
    return value


class InvitationsWrite(Input):
    """Many people to be invited: pasted addresses, and the role and the team that all get unless told otherwise."""

    addresses: Text
    role_id: UUID
    team_id: SomeId = None


Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
TimeOfDay = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
FromTo = Annotated[list[TimeOfDay], Field(min_length=2, max_length=2), AfterValidator(_forward)]
WorkingHours = Annotated[
    dict[Weekday, FromTo] | None,
    Field(description="From and to for each day that is worked, by the clock of the member's time zone.",
          examples=[{"mon": ["09:00", "18:00"]}]),
]  # fmt: skip


class HoursWrite(Input):
    """When a member works; none is not told."""

    working_hours: WorkingHours = None


class SubstituteWrite(Input):
    """Who stands in for a member."""

    substitute_id: SomeId = None


class MemberWrite(HoursWrite, SubstituteWrite):
    """What may be changed about a member, by those who may; their hours and their substitute also by themselves."""

    role_id: UUID
    team_id: SomeId = Field(default=None, description="The one team of the member.")
    status: Literal["active", "frozen"] = Field(
        default="active", description="Frozen: locked out from the next request on."
    )


TeamName = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST), BeforeValidator(clean_line)]


class TeamWrite(Input):
    """A team of the tree."""

    name: TeamName
    parent_id: SomeId = Field(default=None, description="The team it is part of; without one it stands at the top.")
    manager_id: SomeId = Field(default=None, description="The member who leads it.")
    closed: bool = Field(
        default=False,
        description="A business unit: what its branch owns is hidden from the rest, except from those above.",
    )


class TeamChoice(Input):
    """The team somebody gets, or helps."""

    team_id: UUID
