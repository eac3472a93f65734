"""What programs may say about plans: which, how often paid, how many seats, and why it is cancelled."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from billing.plans import Interval
from mobile_api.openapi.schemas import CURSOR_PATTERN
from saas_crm.core.forms import Input


class PlanWanted(Input):
    """A plan and how often it is paid."""

    plan: str = Field(max_length=20, examples=["team"])
    interval: Interval = "month"


class CheckoutWanted(PlanWanted):
    """A first subscription; the seats are those that are needed today."""

    currency: str | None = Field(default=None, max_length=3, examples=["EUR"], description="Else the workspace's.")


class PreviewWanted(Input):
    """What is to be foreseen: another plan, or a number of seats."""

    plan: str | None = Field(default=None, max_length=20)
    interval: Interval | None = None
    seats: int | None = Field(default=None, ge=1, le=100_000)


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
