"""What may be said about a workspace as a whole."""

from __future__ import annotations

from typing import Annotated, get_args

from pydantic import AfterValidator, Field, ValidationInfo

from saas_crm.access.schemas import ChosenTimezone, CountryOfSeat, Currency, Locale, Seat, needed
from saas_crm.core.fields import FieldError, Name
from saas_crm.core.fiscal import CALENDAR
from saas_crm.core.forms import Input
from tenants.marks import N_

ALL: tuple[Locale, ...] = get_args(Locale)


def _offered(value: list[Locale], info: ValidationInfo) -> list[Locale]:
    if not value:
        raise FieldError("missing", N_("Offer at least one language."))
    if info.data.get("locale") not in (None, *value):
        raise FieldError("default", N_("The workspace’s own language must be among those offered."))
    return [code for code in ALL if code in value]


FiscalMonth = Annotated[int, Field(ge=1, le=12)]
Offered = Annotated[list[Locale], AfterValidator(_offered)]
"""The languages of a workspace; declare it after `locale`, which must be among them."""


class WorkspaceWrite(Seat):
    """What may be changed about a workspace."""

    name: Name
    fiscal_month: FiscalMonth = CALENDAR
    languages: Offered = Field(default_factory=lambda: list(ALL))


class WorkspaceFields(Input):
    """The same for programs, which say what changes; nothing follows from the country then."""

    name: Name
    locale: Locale = Field(description="Of mails to people whose language is not known, and of whose is not offered.")
    country: CountryOfSeat
    currency: Annotated[Currency, AfterValidator(needed)] = Field(description="It stays once there are deals.")
    timezone: ChosenTimezone
    fiscal_month: FiscalMonth = Field(default=CALENDAR, description="The month a financial year begins in, 1 to 12.")
    languages: Offered = Field(default_factory=lambda: list(ALL), description="Those its members may choose.")
