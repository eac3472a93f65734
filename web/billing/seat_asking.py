"""Inviting beyond the paid seats: what they cost is shown before, and the invitation waits for a yes."""

from __future__ import annotations

from contextlib import suppress

from flask import g, render_template, request
from flask.typing import ResponseReturnValue

from billing import asking, seats
from billing.asking import SeatsAsked
from billing.errors import BillingError, NothingToDo
from billing.subscriptions import held
from saas_crm.edge.current import current_member, settings
from tenants.db import db
from tenants.one_at_a_time import let_go
from web.billing import words
from web.billing.account import what_failed

FIELD = "confirm_seats"
NOT_KEPT = ("csrf_token", FIELD)


class SeatsNeeded(Exception):
    """More seats are needed than are paid, and nobody has said yes to so many."""

    def __init__(self, needed: SeatsAsked) -> None:
        super().__init__("seats")
        self.needed = needed


def check_seats(wanting: int) -> SeatsAsked | None:
    """Return which seats were agreed to, None where none are needed; raises SeatsNeeded where they were not.

    Who may not change billing cannot agree.
    """
    found = asking.asked(g.tenant, wanting) if settings().bills else None
    if found is None:
        return None
    if request.form.get(FIELD) != str(found.needed) or not current_member().can("billing:update"):
        raise SeatsNeeded(found)
    return found


def want(agreed: SeatsAsked | None) -> None:
    """Ask for the seats that were agreed to, once the invitations are written; Stripe is told within the hour.

    Were it not asked any more, the people themselves are counted in the same hour (`seats.follow`).
    """
    if agreed is None:
        return
    let_go(keep=True)
    with suppress(NothingToDo):  # nothing is paid any more, by the hand of another one
        seats.want(g.tenant, agreed.needed)


def seats_page(asked: SeatsAsked, *, action: str, back_url: str) -> ResponseReturnValue:
    """Ask whether the seats are to be added, with what they cost; what was filled in is kept."""
    db.session.rollback()  # nothing is saved, and Stripe is asked outside of transactions
    may, failed, cost, found = current_member().can("billing:update"), "", None, held(g.tenant.id)
    if may:
        try:
            cost = seats.preview(settings(), g.tenant, asked.needed)
        except BillingError as error:
            failed = what_failed(error)
    kept = [(name, value) for name, values in request.form.lists() for value in values if name not in NOT_KEPT]
    return render_template(
        "settings/invite_seats.html", asked=asked, cost=cost, failed=failed, may=may, kept=kept, action=action,
        back_url=back_url, field=FIELD, billing_words=words, interval=found.interval if found else "",
         payers=[] if may else asking.payers(),
    ), 409 if may else 403  # fmt: skip
