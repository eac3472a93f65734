"""What programs may say about plans: which, how often paid, how many seats, and why it is cancelled."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, ValidationInfo, field_validator

from billing.plans import Interval
from mobile_api.openapi.schemas import CURSOR_PATTERN
from saas_crm.core.fields import FieldError
from saas_crm.core.forms import Input
from tenants.marks import N_


class PlanWanted(Input):
    """A plan and how often it is paid; the seats are those that are paid and needed, as the preview says."""

    plan: str = Field(max_length=20, examples=["team"])
    interval: Interval | None = Field(default=None, description="Else as it is paid now.")


class CheckoutWanted(Input):
    """A first subscription; the seats are those that are needed today."""

    plan: str = Field(max_length=20, examples=["team"])
    interval: Interval = "month"
    currency: str | None = Field(default=None, max_length=3, examples=["EUR"], description="Else the workspace's.")


class PreviewWanted(Input):
    """What is to be foreseen: another plan or interval, or a number of seats."""

    plan: str | None = Field(default=None, max_length=20)
    interval: Interval | None = Field(default=None, description="Else as it is paid now.")
    seats: int | None = Field(
        default=None, ge=1, le=100_000,
        description="Of the present plan: never fewer than the people need, nor more than it has room for. Not with a "
        "plan or an interval: such a change takes the seats that are paid and needed.",
    )  # fmt: skip

    @field_validator("seats")
    @classmethod
    def _alone(cls, seats: int | None, info: ValidationInfo) -> int | None:
        """Refuse what no change would take: else a price is shown that nobody is charged."""
        if seats is not None and (info.data.get("plan") or info.data.get("interval")):
            raise FieldError("not_with_plan", N_("A change of plan or interval chooses the seats itself."))
        return seats


class CancellationWrite(Input):
    """Why, and what comes at the period's end."""

    to: Literal["free", "closed"] = Field(description="On with the free plan, or the workspace is closed.")
    reason: Literal[
        "too_expensive", "missing_features", "switched_service", "unused", "too_complex", "low_quality",
        "customer_service", "other",
    ]  # fmt: skip
    words: Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000)] = ""


class InvoiceListing(Input):
    """Which invoices are asked for."""

    limit: int = Field(default=100, ge=1, le=100, description="How many invoices at most.")
    after: str | None = Field(
        default=None, max_length=100, pattern=CURSOR_PATTERN, description="The `next` of the page before.",
        json_schema_extra={"format": "cursor"},
    )  # fmt: skip
