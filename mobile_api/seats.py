"""More seats than are paid: the cost is told, and the same is sent again with a yes."""

from __future__ import annotations

from typing import Annotated

from flask import g
from pydantic import Field

from billing import asking, seats
from billing.asking import SeatsAsked
from mobile_api.billing_shape import cost_fields
from mobile_api.problems import ApiProblem, problem
from saas_crm.edge.current import current_member, settings
from tenants.db import db

SeatsConfirmed = Annotated[
    int | None,
    Field(
        ge=1,
        le=100_000,
        description="The seats to pay for, as the problem `seat-needed` named them: yes to their cost.",
    ),
]


def agreed_seats(confirmed: int | None, wanting: int = 1) -> SeatsAsked | None:
    """Return the seats that were agreed to, None where none more are needed; raises ApiProblem (409).

    Amounts are told to who may change billing, and only they can agree: raises Forbidden.
    """
    found = asking.asked(g.tenant, wanting) if settings().bills else None
    if found is None:
        return None
    member = current_member()
    if confirmed is not None:
        member.require("billing:update")
    if confirmed == found.needed:
        return found
    told = problem("seat-needed")
    told.seats = {"paid": found.paid, "needed": found.needed, "pending": found.pending}
    if member.can("billing:update"):
        db.session.rollback()  # nothing is saved, and Stripe is asked outside of transactions
        told.seats["cost"] = cost_fields(seats.preview(settings(), g.tenant, found.needed, agreed=found.paid))
    raise ApiProblem(told)


def want(agreed: SeatsAsked | None) -> None:
    """Ask for the seats that were agreed to, as soon as who needs them is invited; Stripe is told within the hour."""
    if agreed is not None:
        seats.agree(agreed.needed)
