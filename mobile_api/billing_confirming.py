"""A change of plan that waits because the bank asks whoever pays."""

from __future__ import annotations

from datetime import datetime

from flask import Response, g
from pydantic import BaseModel, Field

from billing import changing
from billing.plans import Interval
from mobile_api.billing_shape import waiting_fields
from mobile_api.records import gone, shown
from mobile_api.registry import api
from saas_crm.core.errors import NotFound
from saas_crm.core.money import Money
from saas_crm.edge.current import current_member, directory, settings
from saas_crm.edge.declared import requires, while_read_only


class ConfirmationRead(BaseModel):
    """A change that waits for an answer to the bank. Until then nothing is changed or charged."""

    plan: str | None = Field(examples=["business"])
    plan_name: str | None
    interval: Interval | None
    seats: int
    now: Money = Field(description="To be paid with it, with tax.")
    until: datetime = Field(description="Then it is dropped by itself.")
    url: str = Field(description="Where a person confirms it, in a browser: a page of the payment service.")


def _be_on() -> None:
    if not settings().bills:
        raise NotFound


@api.operation("GET", "/billing/confirmation", tag="billing", responses={200: ConfirmationRead})
@requires("billing:read")
def show_confirmation() -> Response:
    """Show the change that waits for an answer to the bank. Where none does, any more or yet: 404."""
    _be_on()
    found = changing.waiting(settings(), g.tenant, only_look=not current_member().can("billing:update"))
    directory().forget()  # who asks may just have answered
    if found is None:
        raise NotFound
    return shown(waiting_fields(found))


@api.operation("DELETE", "/billing/confirmation", tag="billing", responses={204: None}, idempotent=True)
@requires("billing:update")
@while_read_only
def take_back_change() -> Response:
    """Take the change back that waits for an answer to the bank. Where none does: 409."""
    _be_on()
    changing.take_back(settings(), g.tenant, actor=current_member())
    return gone()
