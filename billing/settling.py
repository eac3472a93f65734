"""The one way a subscription's row changes because of Stripe or the clock: all of it is looked up, and set whole.

`settle` may be called by anybody, at any time, as often as they like: by webhooks, jobs, the nightly round, people who
come back from paying. Two looks at once are told apart by their numbers, taken before Stripe is asked: what an earlier
look saw is never written over what a later one did. Nothing is open while Stripe is asked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
import structlog
from psycopg import sql
from sqlalchemy import Connection

from billing import entitlements, surplus
from billing.announcing import ABOUT_ENDING, Word, words_of
from billing.errors import CustomerGone
from billing.forgetting import forgotten, without_customer
from billing.gateways import gateway_of
from billing.held import Held
from billing.owing import LETTERS
from billing.plans import catalogue
from billing.rules import Standing, kinds_of, moved, standing_by_clock, standing_of, suspension_of
from billing.stripe_facts import NO_FACTS, StripeFacts
from billing.subscriptions import NAMES, held, of_row, take_number
from billing.who import NOBODY, By
from saas_crm.core.clock import now as present
from saas_crm.core.jobs import defer
from saas_crm.workspaces.noting import note
from saas_crm.workspaces.standing import NotSuspendable, hold, put_cause, take_cause
from tenants.archive.writing import UnknownTenant
from tenants.db import SHARED, db, new_id
from tenants.runtime import runtime_directory
from tenants.settings import Settings
from tenants.standing import BILLING

log = structlog.get_logger(__name__)
_READ = sql.SQL(
    "SELECT {}, (SELECT t.plan IS NULL FROM public.tenants t WHERE t.id = s.tenant_id)"
    " FROM public.subscriptions s WHERE tenant_id = %s FOR UPDATE OF s"
).format(sql.SQL(", ").join(map(sql.Identifier, NAMES)))
_CHANGE = """
    INSERT INTO public.billing_changes
        (id, at, tenant_id, kind, plan, interval, currency, seats, mrr, by_member, by_operator, reason)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
KEEP = """
    WITH kept AS (DELETE FROM public.tenant_deletions WHERE tenant_id = %s AND asked_by = 'billing' RETURNING tenant_id)
    DELETE FROM public.suspensions s USING kept WHERE s.tenant_id = kept.tenant_id AND s.cause = 'deletion'
"""
"""Take back a deletion that followed from nobody having paid (`billing.closing`); one that a person asked for stays."""
OF_STANDING = (
    "source", "state", "plan", "state_since", "interval", "currency", "seats", "amount", "price_id", "subscription_id",
    "period_ends_at", "past_due_since", "cancel_at_period_end", "cancel_to",
)  # fmt: skip
_OURS = frozenset({"settled", "told"})
"""What only we go by: who looks once more, or is told by mail, has changed nothing that anybody could have seen."""
_NOTED = ("plan", "interval", "seats", "state", "cancel_to")
"""What the workspace's own log says of a change: no amounts, which not everybody may see who reads it."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What was held before a look and after it; the same where nothing had changed."""

    before: Held
    after: Held
    standing: Standing


def settle(
    settings: Settings, tenant_id: UUID, *, now: datetime | None = None, by: By = NOBODY, ask: bool = True
) -> Settled | None:
    """Look up what is so, and hold that; without `ask` only the clock is looked at, and Stripe's state is left.

    Returns None where there is nothing to hold: no row, the tenant is gone, or somebody looked later. Raises
    StripeUnreachable and StripeRefused; then nothing was changed here.
    """
    gateway = gateway_of(settings) if ask else None
    if ask and gateway is None:
        return None
    number = take_number(tenant_id) if gateway else None
    row = held(tenant_id)
    if row is None:
        return None
    facts, gone = None, ""
    if gateway is not None:
        try:
            facts = gateway.facts(row.customer_id) if row.customer_id else NO_FACTS
        except CustomerGone as missing:
            facts, gone = without_customer(row), missing.customer_id
    found = _written(tenant_id, facts, number=number, at=now or present(), by=by, gone=gone)
    if found is not None and gateway is not None and facts is not None:
        surplus.end(gateway, found.standing, facts)
    return found


def _written(
    tenant_id: UUID, facts: StripeFacts | None, *, number: int | None, at: datetime, by: By, gone: str = ""
) -> Settled | None:
    """Write what was seen, in one transaction with what follows from it; `gone` is a customer to be forgotten."""
    try:
        with db.engines[SHARED].begin() as shared:
            connection = _raw(shared, tenant_id)
            _id, status = hold(connection, tenant_id)
            row = connection.execute(_READ, [tenant_id]).fetchone()
            if row is None:
                return None
            before = of_row(row[:-1])
            if (number is not None and before.settled >= number) or (gone and before.customer_id != gone):
                return None
            known = before_off(before, at) if row[-1] else before
            standing = standing_of(facts, known, at) if facts else standing_by_clock(known, at)
            after = forgotten(after_look(known, standing, facts), gone if facts else "")
            found = Settled(before, replace(after, settled=number or before.settled), standing)
            entitlements.write(shared, tenant_id, standing)
            _put(connection, found, status, at=at, by=by)
    except (UnknownTenant, NotSuspendable):
        return None
    runtime_directory().forget()
    return found


def _raw(shared: Connection, tenant_id: UUID) -> psycopg.Connection[Any]:
    """Return psycopg's own connection in the transaction at hand, which speaks with the workspace's role at its end."""
    raw = shared.connection.driver_connection
    assert isinstance(raw, psycopg.Connection)
    shared.info.setdefault("tenants", set()).add(tenant_id)
    return raw


def before_off(before: Held, at: datetime) -> Held:
    """Return what is held of a workspace that has no plan because billing was off (`billing.switching`).

    The days of a debt begin anew in the state it was in, and are told of once more: nobody was asked to pay meanwhile.
    """
    return replace(before, state_since=at, told=()) if before.state in LETTERS else before


def after_look(before: Held, standing: Standing, facts: StripeFacts | None) -> Held:
    """Return what is held from now on: the standing wholly, and what only we know as far as it still fits."""
    after = replace(before, **{name: getattr(standing, name) for name in OF_STANDING})
    if facts is not None and facts.subscription is not None:
        goes_on = facts.subscription.lives and facts.subscription.cancels_at is None
        reason = facts.subscription.cancel_reason or ("" if goes_on else before.cancel_reason)
        after = replace(after, invoice_number=facts.invoice_number or before.invoice_number, cancel_reason=reason)
    if standing.source == "none" or standing.is_over or _is_anothers(before, after):
        after = replace(after, seats_wanted=None, seats_due_at=None, next_plan="", next_interval="")
    if before.source == "stripe" and (before.plan, before.interval) != (after.plan, after.interval):
        after = replace(after, next_plan="", next_interval="")  # it was chosen instead of what has gone
    if (after.next_plan, after.next_interval) == (after.plan, after.interval):
        after = replace(after, next_plan="", next_interval="")
    told = _still_told(before, after)
    return replace(after, told=told if facts is None else surplus.noted(told, standing))


def _still_told(before: Held, after: Held) -> tuple[str, ...]:
    """Return what was told already of what is held from now on."""
    if after.state != before.state:
        return ()
    if after.cancel_at_period_end != before.cancel_at_period_end:
        return tuple(key for key in before.told if key not in ABOUT_ENDING)
    return before.told


def _is_anothers(before: Held, after: Held) -> bool:
    """Whether what waits was asked for another subscription: seats of then are not to be paid with the one of now."""
    return before.subscription_id not in (None, after.subscription_id)


def _put(connection: psycopg.Connection[Any], found: Settled, status: str, *, at: datetime, by: By) -> None:
    """Write the row, what the plan allows, the figures, and last what the workspace's people may do and read of it."""
    before, after = found.before, found.after
    names = [name for name in NAMES if getattr(before, name) != getattr(after, name)]
    if names:
        _update(connection, after, names, at)
    kinds = list(kinds_of(before, found.standing, catalogue().ranks))
    for kind in kinds:
        was = moved(kind, before, found.standing)
        connection.execute(_CHANGE, [
            new_id(), at, after.tenant_id, kind, was.plan, was.interval, was.currency, was.seats, was.mrr,
            by.member_id, by.operator,
            after.cancel_reason if kind in ("cancel_asked", "cancelled", "free") else "",
        ])  # fmt: skip
    if kinds or _is_anothers(before, after):
        defer_count(connection, after.tenant_id)
    for word in words_of(kinds, before, found.standing, after.cancel_reason):
        defer_word(connection, after.tenant_id, word)
    if after.state != "cancelled":
        connection.execute(KEEP, [after.tenant_id])
    why = suspension_of(found.standing)
    if why is not None:
        done = put_cause(connection, after.tenant_id, status, why, through=by.through)
    else:
        done = take_cause(connection, after.tenant_id, status, BILLING, through=by.through)
    if kinds and not done.changed:
        changes = {name: [getattr(before, name), getattr(after, name)] for name in _NOTED if name in names}
        note(
            connection, after.tenant_id, "subscription", changes, member_id=by.member_id, through=by.through,
            operator=by.operator,
        )  # fmt: skip


def _update(connection: psycopg.Connection[Any], after: Held, names: list[str], at: datetime) -> None:
    set_ = sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name in (*names, "updated_at"))
    values = [list(after.told) if name == "told" else getattr(after, name) for name in names]
    connection.execute(
        sql.SQL("UPDATE public.subscriptions SET {}, version = version + %s WHERE tenant_id = %s").format(set_),
        [*values, at, int(any(name not in _OURS for name in names)), after.tenant_id],
    )


def defer_count(where: psycopg.Connection[Any], tenant_id: UUID) -> None:
    """Let the people be counted once this is written: some may have come between another look and its writing."""
    defer(where, "billing.count_again", queueing_lock=f"billing.count_again:{tenant_id}", tenant=str(tenant_id))


def defer_word(where: Connection | psycopg.Connection[Any], tenant_id: UUID, word: Word) -> None:
    """Queue a letter in the transaction at hand, which does not speak with a workspace's role yet."""
    until = word.until.isoformat() if word.until else None
    lock = f"billing.tell:{tenant_id}:{word.key or word.kind}"
    defer(
        where, "billing.tell", queueing_lock=lock, tenant=str(tenant_id), kind=word.kind, key=word.key, until=until,
        days=word.days,
    )  # fmt: skip
