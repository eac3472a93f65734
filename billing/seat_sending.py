"""Telling Stripe what is due: seats, and a smaller plan that waited for the period's end.

Nobody adds up, and nobody trusts an earlier look: the people are counted once Stripe has said what is so, and once more
after it was told, because somebody may have come while it answered.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import Connection, select, update

from billing.acting import Act, begin
from billing.announcing import Word
from billing.errors import NothingToDo
from billing.models import Subscription
from billing.plans import UnknownPlan, catalogue
from billing.seat_counting import PAYS, defer_setting, needed_in
from billing.seat_rules import LAST_HOURS, Due, due_of, is_time, lowers, to_buy
from billing.settling import defer_word, settle
from billing.subscriptions import held
from billing.syncing import offered
from saas_crm.core.clock import now as present
from tenants.db import SHARED, db
from tenants.directory import shared_reader
from tenants.settings import Settings

log = structlog.get_logger(__name__)
SOON = timedelta(minutes=1)
LOOKS = 5


def send_due(settings: Settings, tenant_id: UUID, *, now: datetime | None = None) -> bool:
    """Set at Stripe what is due for a tenant: seats, and a smaller plan that waited for the period's end.

    Returns whether anything was. Done twice, or again after it was interrupted, it is done once: what is so at Stripe
    is looked up first, and said absolutely.
    """
    at, row = now or present(), held(tenant_id)
    if row is None or row.seats_due_at is None or row.seats_due_at > at or row.source != "stripe":
        return False
    try:
        act = begin(settings, tenant_id)
    except NothingToDo:
        _forget(tenant_id, row.seats_due_at)
        return False
    due = due_of(act.now, act.held, people=needed_in(tenant_id), price_id=_waiting_price(act, at), at=at)
    if due.setting is not None:
        _put(act, due)
    settle(settings, tenant_id, now=at)
    _done(tenant_id, due, at)
    return due.setting is not None


def _put(act: Act, due: Due) -> None:
    said = due.setting
    assert said is not None
    act.gateway.set_items(
        act.now, price_id=said.price_id, seats=said.seats, prorations=said.prorations, must_be_paid=False,
        key=act.key("seats"),
    )  # fmt: skip


def _waiting_price(act: Act, at: datetime) -> str | None:
    """Return the price of a lowering that waits; None where none does, or what was chosen is not sold any more."""
    row, sub = act.held, act.now
    if not lowers(row, sub):
        return None
    try:
        catalogue().plan(row.next_plan)
        found = offered(row.next_plan, row.next_interval, sub.currency)
    except UnknownPlan:
        found = None
    if found is None and is_time(row, sub, at):
        _drop_lowering(act, at)
    return found[0] if found else None


def _drop_lowering(act: Act, at: datetime) -> None:
    """Let the present plan go on, and say so to who pays and who runs this: nothing is dropped in silence."""
    row = act.held
    log.error(
        "what was chosen for the next period is not offered any more: the present plan goes on",
        tenant=str(row.tenant_id), plan=row.next_plan, interval=row.next_interval, currency=act.now.currency,
    )  # fmt: skip
    mine = update(Subscription).where(
        Subscription.tenant_id == row.tenant_id, Subscription.next_plan == row.next_plan,
        Subscription.next_interval == row.next_interval,
    )  # fmt: skip
    dropped = mine.values(next_plan="", next_interval="", version=Subscription.version + 1)
    with db.engines[SHARED].begin() as connection:
        if connection.scalar(dropped.returning(Subscription.tenant_id)) is not None:
            defer_word(connection, row.tenant_id, Word("lowering_dropped", f"lowering_dropped-{at:%Y-%m-%d}"))


def _done(tenant_id: UUID, due: Due, at: datetime) -> None:
    """Note what is left to be done, and when; who came while Stripe was told is counted now.

    What changes meanwhile changes the row's version, and who counts people takes a number: then they are counted anew,
    and in the end what is due is left as it is.
    """
    for _look in range(LOOKS):
        with shared_reader() as connection:
            mine = select(Subscription.version, Subscription.asked).where(Subscription.tenant_id == tenant_id)
            seen = connection.execute(mine).one_or_none()
        people = needed_in(tenant_id)
        with db.engines[SHARED].begin() as connection:
            if seen is None or _noted(connection, (tenant_id, seen.version, seen.asked), people, due, at):
                return


def _noted(connection: Connection, which: tuple[UUID, int, int], people: int, due: Due, at: datetime) -> bool:
    """Note it in the row of a tenant's version and number; returns False where by now it is another one."""
    tenant_id, version, number = which
    row = connection.execute(
        select(Subscription.plan, Subscription.seats, Subscription.seats_wanted, Subscription.period_ends_at)
        .where(Subscription.tenant_id == tenant_id, Subscription.version == version, Subscription.asked == number)
        .with_for_update()
    ).one_or_none()  # fmt: skip
    if row is None:
        return False
    again_at, wants = due.again_at, to_buy(row.plan, people, row.seats_wanted)
    if wants > row.seats and not due.held_up:
        again_at = at + SOON
    elif wants < row.seats and again_at is None:
        late = row.period_ends_at - LAST_HOURS if row.period_ends_at else at
        again_at = late if late > at else at + SOON
    mine = update(Subscription).where(Subscription.tenant_id == tenant_id, *PAYS)
    connection.execute(mine.values(seats_due_at=again_at))
    if again_at is not None:
        defer_setting(connection, tenant_id, again_at)
    return True


def _forget(tenant_id: UUID, due_at: datetime) -> None:
    """Note that nothing is due any more: no subscription goes on."""
    mine = update(Subscription).where(Subscription.tenant_id == tenant_id, Subscription.seats_due_at == due_at)
    with db.engines[SHARED].begin() as connection:
        connection.execute(mine.values(seats_due_at=None))
