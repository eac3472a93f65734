"""Whether more people need more seats than are paid: then who invites is asked before, with the exact cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select

from billing import seats
from billing.plans import UnknownPlan, catalogue
from billing.subscriptions import held
from saas_crm.access.models import Member, Role
from tenants.context import ActiveTenant
from tenants.db import db

PAYING = ("active", "past_due")


@dataclass(frozen=True, slots=True)
class SeatsAsked:
    """So many seats are paid or wanted already, and so many are needed.

    `pending` of the former are agreed to and not charged yet: Stripe is told of all together.
    """

    paid: int
    needed: int
    pending: int = 0

    @property
    def more(self) -> int:
        """Return how many are added."""
        return self.needed - self.paid


def asked(tenant: ActiveTenant, wanting: int) -> SeatsAsked | None:
    """Return what `wanting` more people would need; None where no seat has to be paid for them.

    Asked in the workspace's own transaction: a trial, Free and plans an operator looks after never ask.
    """
    found = held(tenant.id) if wanting else None
    if found is None or found.source != "stripe" or found.state not in PAYING:
        return None
    try:
        plan = catalogue().plan(found.plan)
    except UnknownPlan:
        return None
    there = seats.needed()  # those who are invited already were agreed to
    paid = max(found.seats, found.seats_wanted or 0, plan.seats_to_buy(there))
    needed = plan.seats_to_buy(there + wanting)
    return SeatsAsked(paid, needed, paid - found.seats) if needed > paid else None


@dataclass(frozen=True, slots=True)
class Payer:
    """Somebody who may change billing, and where they can be written to."""

    name: str
    email: str


def payers() -> Sequence[Payer]:
    """Return those in the workspace at hand who may change billing."""
    return _working(or_(Role.key == "owner", Role.permissions.has_key("billing:update")))


def owners() -> Sequence[str]:
    """Return the names of the owners of the workspace at hand."""
    return [one.name for one in _working(Role.key == "owner")]


def _working(who: ColumnElement[bool]) -> Sequence[Payer]:
    found = select(Member.name, Member.email).join(Role, Role.id == Member.role_id)
    working = found.where(who, Member.status == "active", Member.deleted_at.is_(None))
    return [Payer(name, email) for name, email in db.session.execute(working.order_by(Member.name, Member.id))]
