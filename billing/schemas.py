"""What an operator may say of a plan that is arranged by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from billing.plans import UnknownPlan, catalogue
from saas_crm.core.clock import now
from saas_crm.core.fields import FieldError, Line
from saas_crm.core.forms import Input
from tenants.marks import N_

MOST_SEATS = 10_000


def _typed_number(value: Any) -> Any:
    """Read a number that a form sends as a text."""
    text = value.strip() if isinstance(value, str) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else value


def _sold(value: str) -> str:
    try:
        if catalogue().plan(value).is_paid:
            return value
    except UnknownPlan:
        pass
    raise FieldError("unknown", N_("Choose one of the values offered."))


def _offered(value: str) -> str:
    if value not in catalogue().currencies:
        raise FieldError("unknown", N_("Choose one of the values offered."))
    return value


def _ahead(value: date) -> date:
    if value < now().astimezone(UTC).date():
        raise FieldError("past", N_("This is over already. Choose a later day."))
    if value.year >= 2200:
        raise FieldError("moment", N_("This date is out of range."))
    return value


class Arrangement(Input):
    """A plan that is paid by bank transfer: how many seats, until which day (UTC, its end), and by which invoice."""

    plan: Annotated[str, AfterValidator(_sold)]
    seats: Annotated[int, BeforeValidator(_typed_number), Field(ge=1, le=MOST_SEATS)]
    interval: Literal["month", "year"]
    currency: Annotated[str, AfterValidator(_offered)]
    paid_until: Annotated[date, AfterValidator(_ahead)]
    invoice: Line = ""

    @property
    def ends_at(self) -> datetime:
        """Return the last second of the day until which is paid."""
        return datetime(self.paid_until.year, self.paid_until.month, self.paid_until.day, 23, 59, 59, tzinfo=UTC)
