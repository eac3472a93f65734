"""More seats than are paid: the cost is told, and the same is sent again with a yes."""

from __future__ import annotations

from contextlib import suppress

from flask import g, request

from billing import asking, seats
from billing.asking import SeatsAsked
from billing.errors import NothingToDo
from mobile_api.billing_shape import cost_fields
from mobile_api.problems import ApiProblem, problem
from saas_crm.edge.current import current_member, settings
from tenants.db import db
from tenants.one_at_a_time import let_go


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
    told.seats = {"paid": found.paid, "needed": found.needed}
    if member.can("billing:update"):
        db.session.rollback()  # nothing is saved, and Stripe is asked outside of transactions
        told.seats["cost"] = cost_fields(seats.preview(settings(), g.tenant, found.needed))
    raise ApiProblem(told)


def want(agreed: SeatsAsked | None) -> None:
    """Ask for the seats that were agreed to, once the invitations are written; Stripe is told within the hour.

    Were it not asked any more, the people themselves are counted in the same hour (`seats.follow`).
    """
    if agreed is None:
        return
    let_go(keep="Idempotency-Key" not in request.headers)  # a key is held, and waits for the whole
    with suppress(NothingToDo):  # nothing is paid any more, by the hand of another one
        seats.want(g.tenant, agreed.needed)
