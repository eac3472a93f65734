"""A workspace's deletion and its subscription: who does not pay is deleted in the end, who is deleted pays no more."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import and_, or_, select

from billing.acting import begin as begin_act
from billing.errors import NothingToDo
from billing.held import FOR_DELETION, Held
from billing.models import Subscription
from billing.owing import LETTERS, ends_at
from billing.settling import settle
from billing.unconfirmed import withdraw
from saas_crm.core.jobs import defer
from saas_crm.workspaces.ending import begin
from saas_crm.workspaces.events import DeletionDecided
from tenants.directory import shared_reader
from tenants.models import TenantDeletion
from tenants.one_at_a_time import let_go
from tenants.runtime import runtime_directory
from tenants.settings import Settings

AT_ONCE = 500
_KNOWS = "SELECT to_regclass('public.subscriptions') IS NOT NULL"
_CUSTOMER = "SELECT customer_id FROM public.subscriptions WHERE tenant_id = %s"


def is_to_be_deleted(row: Held, at: datetime) -> bool:
    """Whether a cancelled workspace had its days, and its people were told of them."""
    return row.state == "cancelled" and LETTERS[row.state] in row.told and at >= ends_at(row.state, row.state_since)


def begin_deletion(settings: Settings, tenant_id: UUID) -> bool:
    """Let a cancelled workspace be deleted after its own days of grace; its owners are told by mail.

    Returns False where it has begun already, or the workspace is gone.
    """
    tenant = runtime_directory().by_id(tenant_id)
    return tenant is not None and begin(settings.database_url, settings.base_url, tenant, by="billing")


def follow(decided: DeletionDecided) -> None:
    """Let the subscription follow what was decided, once that is committed; nobody waits for Stripe meanwhile."""
    customer = customer_of(decided.connection, decided.tenant_id)
    if customer:
        lock = f"billing.follow_deletion:{decided.tenant_id}"
        defer(decided.connection, "billing.follow_deletion", queueing_lock=lock, tenant=str(decided.tenant_id))


def customer_of(connection: psycopg.Connection[Any], tenant_id: UUID) -> str:
    """Return a workspace's customer at Stripe, "" for none; where the shared tables are a release behind, none."""
    if connection.execute(_KNOWS).fetchone() != (True,):
        return ""
    row = connection.execute(_CUSTOMER, [tenant_id]).fetchone()
    return (row[0] or "") if row else ""


def follow_deletion(settings: Settings, tenant_id: UUID, *, now: datetime | None = None) -> bool:
    """Let the subscription of a workspace that is to be deleted end, and go on where that was taken back.

    It ends with its period, or with the workspace where that is sooner. A cancellation that somebody asked for stays
    theirs. Said twice it is done once. Returns whether anything was; raises BillingOff, StripeUnreachable and
    StripeRefused.
    """
    try:
        act = begin_act(settings, tenant_id)
    except NothingToDo:
        return False
    sub, due = act.now, deletion_due(tenant_id)
    if due is not None and sub.cancels_at is None:
        withdraw(act)  # what is to be deleted pays for no larger plan
        act.gateway.end_by(sub, due, reason=FOR_DELETION, key=act.key("deletion"))
    elif due is None and sub.cancel_reason == FOR_DELETION:  # or it would pass for ours when somebody cancels it later
        act.gateway.take_back(sub, key=act.key("stay"))
    else:
        return False
    settle(settings, tenant_id, now=now)
    return True


def not_followed() -> list[UUID]:
    """Return whose subscription is not as their deletion, or its withdrawal, wants it: a job was lost, or given up."""
    row, asked = Subscription, TenantDeletion.tenant_id
    goes_on = and_(asked.is_not(None), row.cancel_at_period_end.is_(False))
    ends = and_(asked.is_(None), row.cancel_reason == FOR_DELETION)
    query = select(row.tenant_id).outerjoin(TenantDeletion, TenantDeletion.tenant_id == row.tenant_id).where(
        row.source == "stripe", row.state.in_(("active", "past_due", "read_only")), or_(goes_on, ends)
    )  # fmt: skip
    with shared_reader() as connection:
        return list(connection.scalars(query.order_by(row.updated_at).limit(AT_ONCE)))


def deletion_due(tenant_id: UUID) -> datetime | None:
    """Return the day of a workspace's deletion, None where none was asked for."""
    let_go()
    with shared_reader() as connection:
        found: datetime | None = connection.scalar(
            select(TenantDeletion.due_at).where(TenantDeletion.tenant_id == tenant_id)
        )
    return found
