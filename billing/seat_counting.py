"""Who sits in a workspace, counted, and noting that its seats are to be set for them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, func, select, update

from billing.models import Subscription
from billing.seat_rules import to_buy
from saas_crm.access.models import Invitation, Member
from saas_crm.core.clock import now as present
from saas_crm.core.jobs import defer
from tenants.db import SHARED, db, tenant_scope
from tenants.runtime import runtime_directory

GATHERED = timedelta(hours=1)
PAYS = (Subscription.source == "stripe", Subscription.subscription_id.is_not(None),
        Subscription.state.in_(("active", "past_due", "read_only")))  # fmt: skip
"""Whose seats are paid for at Stripe."""


def needed() -> int:
    """Return how many seats the people of the tenant that speaks need: active members and open invitations."""
    people = select(func.count()).select_from(Member).where(Member.status == "active").scalar_subquery()
    invited = select(func.count()).select_from(Invitation).where(
        Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None), Invitation.expires_at > present()
    ).scalar_subquery()  # fmt: skip
    return int(db.session.execute(select(people + invited)).scalar_one())


def needed_in(tenant_id: UUID) -> int:
    """Return the same of any tenant, in a transaction of its own; 0 for one that is gone."""
    tenant = runtime_directory().by_id(tenant_id)
    if tenant is None:
        return 0
    with tenant_scope(tenant):
        return needed()


def note_needed(
    tenant_id: UUID, people: int, *, gone: bool = False, agreed: int | None = None, now: datetime | None = None
) -> None:
    """Note when the seats are to be set, where the people need others than are paid for.

    Where somebody has `gone`, a number of seats that was asked for before counts no more: seats follow the people. Of
    seats that were `agreed` to, those count that somebody stands behind.
    """
    at = now or present()
    with db.engines[SHARED].begin() as connection:
        row = connection.execute(
            select(Subscription.plan, Subscription.seats, Subscription.seats_wanted, Subscription.seats_due_at,
                   Subscription.period_ends_at)
            .where(Subscription.tenant_id == tenant_id, *PAYS).with_for_update()
        ).one_or_none()  # fmt: skip
        if row is None:
            return
        wanted = None if gone else row.seats_wanted
        if agreed is not None:
            wanted = max(row.seats_wanted or 0, min(agreed, to_buy(row.plan, people, None)))
        at_latest = at + GATHERED
        if row.period_ends_at is not None and at_latest >= row.period_ends_at:
            at_latest = at  # the next period is charged before the hour is over
        due, differs = row.seats_due_at, to_buy(row.plan, people, wanted) != row.seats
        if differs:
            due = min(at_latest, due) if due is not None else at_latest
        stays = (due, wanted) == (row.seats_due_at, row.seats_wanted)
        if stays and not differs:
            return
        # A number, also where all stays: whoever tells Stripe just now has not seen these people. No other version
        # then: nobody who has the page open would see a difference, and what they do is not to be refused.
        values: dict[str, Any] = {"asked": Subscription.asked + 1}
        if not stays:
            values |= {"seats_due_at": due, "seats_wanted": wanted, "version": Subscription.version + 1}
        connection.execute(update(Subscription).where(Subscription.tenant_id == tenant_id).values(values))
        if due is not None:
            defer_setting(connection, tenant_id, due)


def count_anew(tenant_id: UUID, *, now: datetime | None = None) -> None:
    """Count a tenant's people anew: invitations end by themselves, and a count may have been lost.

    Who was invited and never came has gone as well: seats that were agreed to for them are given back.
    """
    note_needed(tenant_id, needed_in(tenant_id), gone=True, now=now)


def defer_setting(connection: Connection, tenant_id: UUID, due: datetime) -> None:
    """Queue the setting of a tenant's seats for a moment."""
    lock = f"billing.set_seats:{tenant_id}:{int(due.timestamp())}"
    defer(connection, "billing.set_seats", at=due, queueing_lock=lock, tenant=str(tenant_id))
