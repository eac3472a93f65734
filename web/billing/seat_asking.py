"""Inviting beyond the paid seats: what they cost is shown before, and the invitation waits for a yes."""

from __future__ import annotations

from typing import Literal

from flask import g, render_template, request
from flask.typing import ResponseReturnValue

from billing import asking, seats
from billing.asking import SeatsAsked
from billing.errors import BillingError
from billing.subscriptions import held
from saas_crm.edge.current import current_member, settings
from tenants.db import db
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
    """Ask for the seats that were agreed to, as soon as who needs them is invited; Stripe is told within the hour."""
    if agreed is not None:
        seats.agree(agreed.needed)


def seats_page(
    asked: SeatsAsked, *, action: str, back_url: str, purpose: Literal["invite", "thaw"] = "invite"
) -> ResponseReturnValue:
    """Ask whether the seats are to be added, with what they cost; what was filled in is kept."""
    db.session.rollback()  # nothing is saved, and Stripe is asked outside of transactions
    may, failed, cost, found = current_member().can("billing:update"), "", None, held(g.tenant.id)
    if may:
        try:
            cost = seats.preview(settings(), g.tenant, asked.needed, agreed=asked.paid)
        except BillingError as error:
            failed = what_failed(error)
    kept = [(name, value) for name, values in request.values.lists() for value in values if name not in NOT_KEPT]
    return render_template(
        "settings/invite_seats.html", asked=asked, cost=cost, failed=failed, may=may, kept=kept, action=action,
        back_url=back_url, field=FIELD, billing_words=words, interval=found.interval if found else "",
        payers=[] if may else asking.payers(), purpose=purpose, sees_mail=current_member().can("member:read"),
    ), 409 if may else 403  # fmt: skip
